"""Turns of boxes that share a machine: one measures at a time; block 1 on each, then block 2 on each.

Each box waits by itself for its turns (``bench.agent.gate``): who stops giving them stops nothing else.
"""

from collections.abc import Mapping, Sequence
from random import Random

from rich.console import Console

from bench.analysis.progress import Progress
from bench.analysis.pulled import complete
from bench.model.errors import PgladderError
from bench.model.language import tr
from bench.model.record import Record
from bench.remote.errors import NotAdmittedError, UnreachableError
from bench.remote.link import Link
from bench.remote.steps import open_gate
from bench.report.following import Following
from bench.stats.blocks import BACKWARDS

Gate = tuple[str, int]
"""A box and its block."""


def next_gate(boxes: Mapping[str, Progress]) -> Gate | None:
    """Return whose turn it is; None while a box that has measured everything is putting its server back.

    The order is as that of trials (``bench.stats.blocks``). A box's place is drawn by itself, from the plan's seed: who
    goes on giving turns keeps to the order, whichever boxes have ended meanwhile.
    """
    places = []
    for host, so_far in boxes.items():
        if so_far.next is None or complete(so_far.plan, so_far.records):
            return None
        block = so_far.next.block
        back = block in BACKWARDS
        place = Random(f"{so_far.plan.seed} {block - back} {host}").random()
        if back:
            place = -place
        places.append((block, place, host))
    block, _, host = min(places, default=(0, 0, ""))
    if not host:
        return None
    return host, block


class Interleaving(Following):
    """Shows the boxes, and gives each its turn as records come: nobody has one before all are there."""

    def __init__(self, out: Console, links: Sequence[Link], run: str) -> None:
        super().__init__(out, gated=True)
        self._links, self._run = {link.host.name: link for link in links}, run
        self._given: Gate | None = None

    def begins(self, host: str, so_far: Progress) -> None:
        """See ``Following``; whoever was being given a turn while a connection was lost is given it again."""
        super().begins(host, so_far)
        self._given = None
        self._give()

    def recorded(self, host: str, so_far: Progress, record: Record) -> None:
        """See ``Following``."""
        super().recorded(host, so_far, record)
        self._give()

    def ended(self, host: str, state: str) -> None:
        """See ``Following``."""
        super().ended(host, state)
        self._give()

    def _give(self) -> None:
        """Give the next turn, once; a box that can't be given it is followed no more, and the others go on."""
        boxes = {host: row.so_far for host, row in self._rows.items() if row.going}
        gate = next_gate(boxes) if self._rows.keys() == self._links.keys() else None
        if gate is None or gate == self._given:
            return
        self._given, (host, block) = gate, gate
        self.measures(host)
        try:
            open_gate(self._links[host], self._run, block)
        except (UnreachableError, NotAdmittedError):
            # Then its following was cut off too: that begins again, or ends.
            self._given = None
        except PgladderError as error:
            self.report(
                tr(
                    "{error}; its gate is opened no more, and its run waits: mend that, then make compare-hosts"
                    " RUN={run}, or make cancel RUN={run}",
                    error=error,
                    run=self._run,
                ),
                whole=True,
            )
            self._links[host].give_up()
