"""A sweep, for people: a line a point, the scalability law where it fits, and last the answer."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.text import Text

from bench.analysis.curves import Curve, Sweep
from bench.model.language import later, tr
from bench.plan.contrast import written
from bench.report.ending import show_ending
from bench.report.numbers import DASH, rate, short
from bench.report.tables import add_rows, bare_table, filled, print_whole
from bench.report.terminal import describe_host
from bench.report.words import uncounted
from bench.stats.intervals import Estimate

OF_RATE, OF_FASTEST = later("of what came"), later("to the fastest")
DOUBTS = later("doubts")
FITS = 0.1
"""A misfit of the law up to which its peak is named, and it is drawn."""


def show_sweep(out: Console, found: Sweep) -> None:
    """Print each rung's curve, then the answer."""
    if found.host:
        out.print(describe_host(found.host))
    for curve in found.curves:
        out.print()
        out.print(Text(heading(curve), style="bold"))
        heads = [name.replace("_", "\n") for name in columns(found, curve)]
        shown, texts = filled(heads, list(rows(curve)))
        table = bare_table(shown, left=("", DOUBTS), wraps=("", DOUBTS))
        add_rows(table, texts)
        print_whole(out, table)
        if sentence := law(curve):
            out.print(Text(sentence, style="dim"))
    out.print()
    show_ending(out, [found.sentence], found.trust, found.next)


def heading(curve: Curve) -> str:
    """Return what all points of a curve have in common."""
    return f"{curve.phase}, {curve.driver}, {curve.variant}, {curve.layout}, {curve.transport}"


def columns(found: Sweep, curve: Curve) -> tuple[str, ...]:
    """Return the heads of a curve's table; that of marks is empty."""
    compared = OF_RATE if is_at_rate(curve) else OF_FASTEST
    return (*found.of, "rows/s", "95 %", compared, "p50 ms", "p99 ms", "", DOUBTS)


def is_at_rate(curve: Curve) -> bool:
    """Return whether its rows come at a rate."""
    return any(point.kept for point in curve.points)


def rows(curve: Curve) -> Iterable[Sequence[str]]:
    """Return the texts of each point."""
    for number, point in enumerate(curve.points):
        yield (
            *map(written, point.values.values()),
            rate(point.rows_per_s.estimate if point.rows_per_s else None),
            _interval(point.rows_per_s),
            _ratio(point.kept if is_at_rate(curve) else point.to_best),
            short(point.p50_ms),
            short(point.p99_ms),
            mark(curve, number),
            uncounted(point),
        )


def _interval(found: Estimate | None) -> str:
    if found is None or found.low is None or found.high is None:
        return DASH
    return f"{rate(found.low)}–{rate(found.high)}"


def _ratio(found: Estimate | None) -> str:
    if found is None:
        return ""
    if found.low is None:
        return f"{found.estimate:.2f}"
    return f"{found.estimate:.2f} ({found.low:.2f}–{found.high:.2f})"


def mark(curve: Curve, number: int) -> str:
    """Return what is to be said of a point beside its figures."""
    marks = []
    if number == curve.best:
        marks.append(tr("fastest"))
    if number == curve.knee:
        marks.append(tr("knee"))
    if number == curve.kept_up:
        marks.append(tr("kept up"))
    return ", ".join(marks)


def is_drawn(curve: Curve) -> bool:
    """Return whether the scalability law fits well enough to be drawn among the points."""
    return curve.scalability is not None and curve.scalability.misfit <= FITS


def law(curve: Curve) -> str:
    """Say what the Universal Scalability Law makes of a curve, and how far it is off; empty: it has no such shape."""
    found = curve.scalability
    if found is None:
        return ""
    fitted = tr(
        "Universal Scalability Law: contention {contention:.3f}, coherency {coherency:.5f}, off by {misfit:.0%} at"
        " most",
        contention=found.contention,
        coherency=found.coherency,
        misfit=found.misfit,
    )
    if found.misfit > FITS or found.peak is None:
        return f"{fitted}."
    return tr("{fitted}; by it the rate is highest at {peak:.0f}.", fitted=fitted, peak=found.peak)
