"""The author's table beside one's own, in words: what was published of each rung, what it is here, what is reproduced.

``bench.analysis.published`` has the figures and the rule.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from bench.analysis.published import PUBLISHED, WHERE, WIDEST, WITHIN, Conclusion, Name, PublishedFigure
from bench.model.language import later, tr
from bench.report.numbers import DASH, number, rate, short, times
from bench.stats.intervals import Estimate

COLUMNS = ("phase", "rows/s,\nauthor", "rows/s,\nhere", "step,\nauthor", "step,\nhere", "interval", "the step is")
LATENCY_COLUMNS = ("phase", "ms a row,\nauthor", "ms a row,\nhere", "CPU %,\nauthor", "CPU %,\nhere")
LEFT = {"phase", "the step is"}
PAGE_COLUMNS = ("what", "author", "here", "interval", "on this box", "why")
NAMES: Mapping[Name, str] = {"rows_per_s": "rows/s", "latency_ms": later("ms a row"), "host_pct": "CPU %"}
FIGURES = 3
"""As many as the author gives."""
CONCLUSIONS: Mapping[Conclusion, str] = {
    "reproduced": later("Reproduced here: {figures}."),
    "not reproduced": later("Not reproduced here: {figures}."),
    "other": later("Other, not to be compared: {figures}."),
}
CONCLUDED: Mapping[Conclusion, str] = {
    "reproduced": later("reproduced"),
    "not reproduced": later("not reproduced"),
    "other": later("other"),
}

Found = Mapping[tuple[str, Name, str | None], PublishedFigure]
"""By phase, figure, and the phase that it is a ratio to."""


def beside_heading() -> str:
    """Return the heading of the author's ladder."""
    return tr("Beside the published ladder: {where}", where=WHERE)


def rule() -> str:
    """Return by which rule a figure is reproduced."""
    return tr(
        "Reproduced: the interval (95 %, over blocks) holds the author's figure, or lies within a factor of"
        " {within:g} of it. Other: nothing to compare, or an interval wider than a factor of {widest:g}.",
        within=WITHIN,
        widest=WIDEST,
    )


def published_table(figures: Sequence[PublishedFigure]) -> tuple[Sequence[str], Sequence[Sequence[str]], set[str]]:
    """Return columns, a row for each rung and one for the last over the first, and the columns of words."""
    found = _found(figures)
    rows: list[Sequence[str]] = []
    below = None
    for each in PUBLISHED:
        rate_of = found[each.phase, "rows_per_s", None]
        step = ["", "", "", ""]
        if below:
            climbed = found[each.phase, "rows_per_s", below]
            step = [_published(climbed), _here(climbed), interval(climbed.here), tr(CONCLUDED[climbed.conclusion])]
        rows.append([each.phase, _published(rate_of), _here(rate_of), *step])
        below = each.phase
    return COLUMNS, [*rows, _over("rows_per_s", found, "", "", "", "")], LEFT


def latency_table(figures: Sequence[PublishedFigure]) -> tuple[Sequence[str], Sequence[Sequence[str]], set[str]]:
    """Return the same of latency and of the CPU."""
    found = _found(figures)
    rows: list[Sequence[str]] = []
    for each in PUBLISHED:
        latency, cpu = found[each.phase, "latency_ms", None], found[each.phase, "host_pct", None]
        rows.append([each.phase, _published(latency), _here(latency), _published(cpu), _here(cpu)])
    return LATENCY_COLUMNS, [*rows, _over("latency_ms", found, "", "")], LEFT


def _found(figures: Iterable[PublishedFigure]) -> Found:
    return {(each.phase, each.figure, each.over): each for each in figures}


def _over(name: Name, found: Found, *empty: str) -> Sequence[str]:
    """Return the last published rung over the first."""
    first, *_, last = PUBLISHED
    whole = found[last.phase, name, first.phase]
    return [f"{last.phase}/{first.phase}", _published(whole), _here(whole), *empty]


def conclusions(figures: Sequence[PublishedFigure]) -> Iterable[str]:
    """Return a sentence for each conclusion that some figure has."""
    for conclusion, words in CONCLUSIONS.items():
        same = [each for each in figures if each.conclusion == conclusion]
        if same:
            yield tr(words, figures="; ".join(_gathered(same)))


def _gathered(figures: Iterable[PublishedFigure]) -> Iterable[str]:
    """Return each kind of figure once, with its rungs."""
    by_kind: dict[str, list[str]] = {}
    for each in figures:
        kind = tr(NAMES[each.figure])
        where = each.phase
        if each.over:
            kind = tr("step of {figure}", figure=kind)
            where = tr("{below} to {phase}", below=each.over, phase=each.phase)
        by_kind.setdefault(kind, []).append(where)
    for kind, rungs in by_kind.items():
        yield f"{kind} {', '.join(rungs)}"


def page_rows(figures: Iterable[PublishedFigure]) -> list[dict[str, str]]:
    """Return every figure as a row of the page's table."""
    rows = []
    for each in figures:
        concluded = tr(CONCLUDED[each.conclusion])
        cells = (_what(each), _published(each), _here(each), interval(each.here, each), concluded, each.why)
        rows.append(dict(zip(PAGE_COLUMNS, cells, strict=True)))
    return rows


def _what(figure: PublishedFigure) -> str:
    name = tr(NAMES[figure.figure])
    if figure.over is None:
        return f"{figure.phase}: {name}"
    if figure.figure == "latency_ms":
        return tr("{below} to {phase}: {figure}, times less", below=figure.over, phase=figure.phase, figure=name)
    return tr("{below} to {phase}: {figure}, times more", below=figure.over, phase=figure.phase, figure=name)


def _published(figure: PublishedFigure) -> str:
    return _written(figure, figure.published)


def _here(figure: PublishedFigure) -> str:
    return _written(figure, figure.here.estimate if figure.here else None)


def _written(figure: PublishedFigure, value: float | None) -> str:
    if figure.over or value is None:
        return times(value)
    return _in_figures(figure, value)


def _in_figures(figure: PublishedFigure, value: float) -> str:
    value = float(f"{value:.{FIGURES}g}")
    return short(value) if figure.figure == "latency_ms" else rate(value)


def interval(found: Estimate | None, of: PublishedFigure | None = None) -> str:
    """Return an interval: of a ratio, or written as the figure that it is of."""
    if found is None or found.low is None or found.high is None:
        return DASH
    write: Callable[[float], str] = number
    if of and of.over is None:
        write = partial(_in_figures, of)
    return f"{write(found.low)}–{write(found.high)}"
