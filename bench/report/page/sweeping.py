"""A sweep as the page shows it: the sentence, the curve, latency beside it, a row a point.

The words and figures are the terminal's (``report.sweep``), here they are only put in order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bench.analysis.curves import Curve, Point, Sweep, is_number, without, words_of
from bench.model.language import tr
from bench.plan.sweep import RATE
from bench.report.page.figures import Figure, Row
from bench.report.sweep import columns, heading, is_drawn, law, mark, rows
from bench.report.words import NOT_COMPLETE

COLOURS = ("ours", "green", "violet", "gold", "pink", "slate")
"""As the script has them; a seventh has the first again."""


@dataclass(frozen=True)
class CurveView:
    """One rung."""

    found: Sweep
    curve: Curve

    @property
    def heading(self) -> str:
        """What all its points have in common."""
        return heading(self.curve)

    @property
    def rows(self) -> list[dict[str, str]]:
        """Of each point, column and text: on a narrow screen a row is a card."""
        *heads, _, _ = columns(self.found, self.curve)
        found = []
        for *figures, said, doubted in rows(self.curve):
            of_point = dict(zip(heads, figures, strict=True))
            found.append({**of_point, "": ", ".join(filter(None, (said, doubted)))})
        return found

    @property
    def along(self) -> str | None:
        """The parameter along which it is drawn: of two that with more values; None: a value is no number."""
        numbers = {}
        for name in self.found.of:
            values = {point.values[name] for point in self.curve.points}
            if all(map(is_number, values)):
                numbers[name] = len(values)
        return max(numbers, key=lambda name: numbers[name], default=None)

    @cached_property
    def figures(self) -> list[Figure]:
        """The rate and the latency by that parameter; none where there is none."""
        along = self.along
        if along is None:
            return []
        return [
            Figure(
                chart="curve",
                label=tr("rows a second by {parameter}", parameter=along),
                rows=list(_rates(self.curve, along)),
                title=along,
            ),
            Figure(
                chart="delays",
                label=tr("latency by {parameter}", parameter=along),
                rows=list(_delays(self.curve, along)),
                title=along,
            ),
        ]

    @property
    def key(self) -> list[tuple[str, str]]:
        """Of each line that is drawn, colour and words; empty: there is one alone."""
        if not self.figures:
            return []
        names = list(dict.fromkeys(row["series"] for row in self.figures[0].rows))
        if len(names) < 2:
            return []
        return [(COLOURS[number % len(COLOURS)], name) for number, name in enumerate(names)]

    @property
    def about(self) -> list[str]:
        """What the dashed lines are, and the law that one is."""
        if self.found.of == (RATE,):
            return [tr("Dashed: what comes. Where the curve leaves it, rows wait longer and longer.")]
        lines = [law(self.curve)] if law(self.curve) else []
        if is_drawn(self.curve):
            lines.insert(0, tr("Dashed: the Universal Scalability Law, fitted to the points."))
        return lines


@dataclass(frozen=True)
class SweepView:
    """One run."""

    found: Sweep
    name: str
    """Of its host."""

    @property
    def title(self) -> str:
        """What it answers."""
        if RATE in self.found.of:
            return tr("Which rates are kept up?")
        return tr("From where on does more of it change nothing?")

    @property
    def doubt(self) -> str:
        """What must be known first; empty: nothing."""
        return "" if self.found.complete else tr(NOT_COMPLETE)

    @property
    def curves(self) -> list[CurveView]:
        """Each with its evidence."""
        return [CurveView(self.found, curve) for curve in self.found.curves]


def _series(point: Point, along: str) -> str:
    return words_of(without(point.values, along))


def _rates(curve: Curve, along: str) -> Iterable[Row]:
    for number, point in enumerate(curve.points):
        found = point.rows_per_s
        if found is None:
            continue
        yield {
            "at": point.values[along],
            "series": _series(point, along),
            "rate": found.estimate,
            "low": found.estimate if found.low is None else found.low,
            "high": found.estimate if found.high is None else found.high,
            "knee": number == curve.knee,
            "mark": mark(curve, number),
            "guide": _guide(curve, point, along),
        }


def _guide(curve: Curve, point: Point, along: str) -> float | None:
    """Return what a point is drawn against: what came or, where it fits, what the scalability law has there."""
    value = point.values[along]
    if not isinstance(value, int | float):
        return None
    if along == RATE:
        return value
    return curve.scalability.at(value) if curve.scalability and is_drawn(curve) else None


def _delays(curve: Curve, along: str) -> Iterable[Row]:
    for point in curve.points:
        for kind, value in (("p99", point.p99_ms), ("p50", point.p50_ms)):
            if value:
                yield {"at": point.values[along], "series": _series(point, along), "kind": tr(kind), "ms": value}
