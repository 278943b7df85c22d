"""What a constraint is: what of a trial shows it, what takes it away, what that should gain, and whether it is gone.

A file in ``known/``, or in ``constraints`` of a user's own folder (``bench.seams``), defines one ``CONSTRAINT``; its
name is the file's, with hyphens. What trials show makes suspects; only an experiment, the same trial with the
constraint taken away, convicts or clears one (``bench.analysis.explain``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bench.constraints.work import Work
from bench.model.fingerprint import Processors
from bench.model.language import later
from bench.model.plan import Trial
from bench.model.record import Record
from bench.model.values import Transport
from bench.seams import Seam, first_word, pieces

SEAM = "constraints"
OWN = Path(__file__).with_name("known")
SATURATED = 0.9
"""Of a core or of all: what is left goes to the kernel's accounting and to switching between processes."""
MOST = 0.5
"""Of the workers' time, or of the window: from here on it is suspected to be what stops a rung."""
OF_THE_TIME = later("{percent:.0f} % of the time")
OF_CLIENTS = later("{percent:.0f} % of the clients' time")
OF_COMMITS = later("{percent:.0f} % of the time that commits took")
BUSY = later("busy {percent:.0f} % of the time")
UNASKED = later("not on a server of yours unless you ask for it by name (--constraints {name})")
OF_SESSIONS = {"synchronous_commit": "off"}
"""What sessions set for themselves, on any server: they acknowledge a commit before its flush."""
LITTLE = 0.1
"""What may remain of it where it was taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a trial is measured, as far as it decides what can be changed there."""

    managed: bool
    """The server is ours to configure; one that the user brings is not."""
    local: bool = True
    """The server runs on the machine of the clients."""
    asked: frozenset[str] = frozenset()
    """Constraints that were asked for by name."""

    def may_lose(self, constraint: str) -> bool:
        """Return whether commits may be less durable to take it away: on a server of the user's only if asked for."""
        return self.managed or constraint in self.asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What changes of a trial so that a constraint is taken away."""

    words: str
    """In a sentence, translated: with two client processes; with synchronous_commit=off."""
    parameters: Mapping[str, int | float | str | None] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)
    """Of PostgreSQL, on top of the variant's."""
    phase: str | None = None
    driver: str | None = None
    layout: str | None = None
    transport: Transport | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Constraint:
    """One thing that may stand in the way.

    Attributes:
        words: what it is called in tables.
        amount: how a sentence says its share, of ``percent``: what that is a part of.
        share: what a trial on these processors shows of it, 0 to 1: of the workers' time, the window, a core or all;
            None where it was not observed.
        removal: what takes it away from a trial; else why nothing does; None where such a trial can't have it.
        suspected_from: the share from which on it is suspected to be what stops a rung.
        relieved: what of a commit's work it takes beside CPU time, which trials of one commit alone tell; from the work
            with it and its share. None: nothing beside.
        of_one: what part of a commit's work, but for its waiting, it is in a trial of one commit alone, on so many
            processors, 0 to 1; None where that does not tell. None: it is not known so.
        remains: what is left of it in a trial without it, as ``share``; None: as ``share``.
        may_remain: the most that may be left of it where it was taken away.
        beyond: another constraint that its removal takes away too, so that it is measured against a trial without that
            one.
        unlike: another constraint that its removal relieves as well: where that one is suspected, a gain proves
            nothing of this one.

    """

    words: str
    amount: str = OF_THE_TIME
    share: Callable[[Record, Processors | None], float | None]
    removal: Callable[[Trial, Place], Removal | str | None]
    suspected_from: float = MOST
    relieved: Callable[[Work, float], Work] | None = None
    of_one: Callable[[Record, Processors | None], float | None] | None = None
    remains: Callable[[Record, Processors | None], float | None] | None = None
    may_remain: float = LITTLE
    beyond: str | None = None
    unlike: str | None = None

    def left_over(self, record: Record, cpus: Processors | None) -> float | None:
        """Return what is left of it in a trial without it."""
        return (self.remains or self.share)(record, cpus)


@cache
def constraints() -> Seam[Constraint]:
    """Every constraint by name."""
    return Seam("CONSTRAINT", Constraint, pieces(SEAM, OWN, "[!_]*.py", name_of))


def name_of(path: Path) -> str:
    """Return the name of a constraint: its file's, as a module has no hyphen."""
    return first_word(path).replace("_", "-")
