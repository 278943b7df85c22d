"""Turns of boxes that share a machine: one measures at a time; block 1 on each in random order, then block 2 on each.

Stands between ``follow``, which tells it what is recorded, and the view. Each box waits by itself for the turns that
are given here (``bench.agent.turns``): whoever gives no more stops nothing else.
"""

from collections.abc import Mapping, Sequence
from random import Random

from bench.analysis.underway import UnderWay
from bench.campaign.follow import PATIENCE_S
from bench.model import PgladderError, Record
from bench.remote.link import Link
from bench.remote.steps import give_turn
from bench.remote.together import steadily
from bench.report.following import Following

Turn = tuple[str, int]
"""A box and its block."""


def next_turn(so_far: Mapping[str, UnderWay]) -> Turn | None:
    """Return whose turn it is; None while a box that has measured everything is putting its server back.

    A box's place within a block is drawn by itself, from the plan's seed: who goes on giving turns keeps to the order,
    whichever boxes have ended meanwhile.
    """
    left = {host: of.next for host, of in so_far.items()}
    places = [
        (trial.block, Random(f"{so_far[host].plan.seed} {trial.block} {host}").random(), host)
        for host, trial in left.items()
        if trial
    ]
    block, _, host = min(places, default=(0, 0.0, ""))
    return (host, block) if host and None not in left.values() else None


class Turns:
    """Gives each box its turns as records come."""

    def __init__(self, links: Sequence[Link], run: str, view: Following) -> None:
        self._links = {link.host.name: link for link in links}
        self._run, self._view = run, view
        self._to_begin = set(self._links)
        self._so_far: dict[str, UnderWay] = {}
        self._given: Turn | None = None

    def begins(self, host: str, so_far: UnderWay) -> None:
        """Take in a box: nobody has a turn before all are there."""
        self._view.begins(host, so_far)
        self._to_begin.discard(host)
        self._so_far[host] = so_far
        self._give()

    def recorded(self, host: str, so_far: UnderWay, record: Record) -> None:
        """Take in a record: where it was a block's last, it is another box's turn."""
        self._view.recorded(host, so_far, record)
        self._so_far[host] = so_far
        self._give()

    def ended(self, host: str, state: str) -> None:
        """Go on without a box."""
        self._view.ended(host, state)
        self._so_far.pop(host, None)
        self._give()

    def says(self, sentence: str) -> None:
        """Hand on a sentence."""
        self._view.says(sentence)

    def _give(self) -> None:
        """Give the next turn, once; a box that can't be given it is followed no more, and the others go on."""
        turn = None if self._to_begin else next_turn(self._so_far)
        if turn is None or turn == self._given:
            return
        self._given, (host, block) = turn, turn
        self._view.turn(host)
        try:
            steadily(self._links[host], lambda link: give_turn(link, self._run, block), lambda _: None, PATIENCE_S)
        except PgladderError as error:
            self.says(f"{error}; it is given no more turns")
            self._links[host].give_up()
