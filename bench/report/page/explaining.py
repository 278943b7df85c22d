"""What stands in the way as the page shows it: the sentence, a row a constraint, where the workers' time goes.

The words are the terminal's (``report.explain``), here they are only put in order.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from bench.analysis.explanation import Explained, RungExplained
from bench.analysis.limits import UNEXPLAINED
from bench.analysis.pulled import PulledRun
from bench.model.language import tr
from bench.report.explain import COLUMNS, bound_sentence, cells, heading, parts, reasons
from bench.report.page.figures import WAITED, Figure, waits

COLOURS = ("ours", "green", "gold", "violet", "pink", "slate", "red", "published")
"""Of the parts of the workers' time, the largest first; what is left has the last colour again."""
COLOURS_OF_WAITS = ("green", "red", "gold", "violet", "pink", "slate", "ours", "ink", "rest")
"""As the script has them."""


@dataclass(frozen=True)
class RungView:
    """One rung."""

    run: PulledRun
    rung: RungExplained

    @cached_property
    def waits(self) -> Figure:
        """What the server's sessions waited for, from second to second."""
        return waits(self.run, self.rung)

    @property
    def key_of_waits(self) -> list[tuple[str, str]]:
        """Of each state that was seen, colour and words."""
        seen = {row["state"] for row in self.waits.rows}
        every = zip(COLOURS_OF_WAITS, WAITED.values(), strict=True)
        return [(colour, tr(words)) for colour, words in every if words in seen]

    @property
    def heading(self) -> str:
        """What it is, and its rate."""
        return heading(self.rung)

    @property
    def rows(self) -> list[dict[str, str]]:
        """Of each constraint, column and text: on a narrow screen a row is a card."""
        return [dict(zip(COLUMNS, cells(finding), strict=True)) for finding in self.rung.constraints]

    @property
    def sentences(self) -> list[str]:
        """Why some are undecided or untested, and whether server or clients bind it."""
        return [*reasons(self.rung), bound_sentence(self.rung)]

    @property
    def budget(self) -> list[tuple[str, str, float]]:
        """Of each part of the workers' time its colour, its name, and its share in percent."""
        found = []
        for number, (part, name, share) in enumerate(parts(self.rung)):
            colour = "rest" if part == UNEXPLAINED else COLOURS[min(number, len(COLOURS) - 1)]
            found.append((colour, name, 100 * share))
        return found


@dataclass(frozen=True)
class ExplainedView:
    """One run."""

    found: Explained
    run: PulledRun

    @property
    def rungs(self) -> Iterable[RungView]:
        """Each with its evidence."""
        return [RungView(self.run, rung) for rung in self.found.rungs]
