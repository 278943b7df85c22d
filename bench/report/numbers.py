"""How a number is written, one way a kind: rates, durations, shares, ratios. What is not known is a dash."""

from collections.abc import Callable
from functools import wraps
from math import ceil, floor, log10
from typing import Concatenate, ParamSpec

More = ParamSpec("More")
DASH = "–"
MOST_MOVED = 5
"""An interval that moves the last figure by more than so many, up or down, leaves it out."""


def known(
    write: Callable[Concatenate[float, More], str],
) -> Callable[Concatenate[float | None, More], str]:
    """Let a number be unknown: a dash is written for it."""

    @wraps(write)
    def written(value: float | None, /, *more: More.args, **named: More.kwargs) -> str:
        if value is None:
            return DASH
        return write(value, *more, **named)

    return written


# --- rates, durations, sizes -----------------------------------------------------------------------------------------


@known
def rate(value: float) -> str:
    """Return a rate in six characters: 16.4, 17,500, 281.0k, 1.030M."""
    if value >= 99_995:
        return thousands(value, figures=4)
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


@known
def whole(value: float) -> str:
    """Return a rate or a number of things in whole ones with four figures: 313,300; 1,172; 72; below 1 one figure."""
    if value < 1:
        return f"{value:.1g}"
    return f"{float(f'{value:.4g}'):,.0f}"


def in_short(value: float) -> str:
    """Return a power of ten on a scale: 0.1, 10, 1k, 100k, 1M."""
    for unit, of_unit in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if value >= of_unit:
            return f"{value / of_unit:g}{unit}"
    return f"{value:g}"


def figure(value: float | None) -> str:
    """Return a probe's figure, which may be below 0."""
    if value is not None and value < 0:
        return f"-{rate(-value)}"
    return rate(value)


@known
def count(value: float) -> str:
    """Return a number of things: 1,234,567."""
    return f"{value:,}"


@known
def short(value: float, figures: int = 3) -> str:
    """Return a duration with so many figures, at most three: 0.260, 6.30, 133, 1,250, 12.5k."""
    if figures < 3:
        value = float(f"{value:.{figures}g}")
    if value >= 9_999.5:
        return thousands(value, figures)
    if value >= 100:
        return f"{value:,.0f}"
    if 0 < value < 0.0005:
        return "<.001"
    if value < 0.1:
        return f"{value:.3f}"
    return _rounded(value, figures)


@known
def microseconds(milliseconds: float) -> str:
    """Return a duration in µs."""
    return short(milliseconds * 1000)


def percentile(value: float | None, interval: tuple[float, float] | None) -> str:
    """Return a percentile with no more figures than its interval bears: 11 where that is 10.2 to 11.6, not 10.9."""
    figures = 3
    if value and interval is not None and interval[0] != interval[1]:
        moved = (interval[1] - interval[0]) / 2 / MOST_MOVED
        figures = max(1, min(floor(log10(value)) - ceil(log10(moved)) + 1, 3))
    if value is not None and value >= 9_999.5:  # in a column of milliseconds there are no thousands of them
        return f"{float(f'{value:.{figures}g}'):,.0f}"
    return short(value, figures)


def thousands(value: float, figures: int = 3) -> str:
    """Return a large number in k, M or G with so many figures: 12.5k, 1.030M."""
    for unit, of_unit in (("k", 1e3), ("M", 1e6)):
        # What rounds up to 1000 of a unit is written in the next: 999,960 is 1.000M.
        if float(f"{value / of_unit:.{figures}g}") < 1000:
            return _rounded(value / of_unit, figures) + unit
    return f"{value / 1e9:.{figures}g}G"


def _rounded(value: float, figures: int) -> str:
    """Return a number above 0 with so many figures, its zeros shown, and never in powers of ten: 6.30, 20."""
    value = float(f"{value:.{figures}g}")
    decimals = max(figures - 1 - floor(log10(value)), 0)
    return f"{value:.{decimals}f}"


@known
def cores(value: float) -> str:
    """Return processors kept busy: 0.92, 12.5, 128."""
    if value < 9.995:
        return f"{value:.2f}"
    if value < 99.95:
        return f"{value:.1f}"
    return f"{value:.0f}"


@known
def joules(value: float) -> str:
    """Return an energy."""
    return f"{value:.3g}"


@known
def degrees(celsius: float) -> str:
    """Return a temperature."""
    return f"{celsius:.0f}"


def duration(seconds: float) -> str:
    """Return a duration in words: 40 s, 5 min, 2 h 10 min."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"


def size(count: float) -> str:
    """Return bytes in words."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.0f} MB"


# --- ratios and shares -----------------------------------------------------------------------------------------------


@known
def times(value: float) -> str:
    """Return a factor between rungs: 1×, 2.5×, 250×."""
    if value >= 9_999.5:
        return f"{thousands(value)}×"
    if value >= 9.95:
        return f"{value:,.0f}×"
    if value < 0.01:
        return "<0.01×"
    return f"{value:.2g}×"


def number(value: float) -> str:
    """Return a ratio in five characters or so: 0.982, 12.40, 1e+09."""
    if value < 9.9995:
        return f"{value:.3f}"
    if value < 999.995:
        return f"{value:.2f}"
    return f"{value:.0e}"


def percent(value: float) -> str:
    """Return a share in percent with two figures or so."""
    if value < 0.0995:
        return f"{100 * value:.1f} %"
    if value < 10:
        return f"{100 * value:.0f} %"
    return ">999 %"


def drift_text(value: float) -> str:
    """Return a relative change, with its sign."""
    return f"{100 * value:+.1f} %"


@known
def p_text(value: float) -> str:
    """Return a p-value."""
    if value < 0.001:
        return "<.001"
    if value < 0.9995:
        return f"{value:.3f}".removeprefix("0")
    return "1"
