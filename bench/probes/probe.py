"""What a probe is: what every trial reads of its host, what the readings come to, what they make doubtful.

A probe file defines one ``PROBE``, a class; the probe is named as the file. Dropping a file into
``bench/probes/observed``, or into ``probes`` of a user's own folder (``bench.seams``), adds a probe: its readings go to
the samples, its figures to the record's ``observed`` and to every report. ``bench.agent.observers`` asks it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, cast, get_args, runtime_checkable

from bench import seams
from bench.model.errors import DataError, UsageError
from bench.model.fingerprint import Unreadable
from bench.model.language import tr
from bench.model.record import Reason
from bench.model.values import NAME

SEAM = "probes"
OWN = Path(__file__).with_name("observed")
TAKEN = ("at_s", "server", "event_loop", "server_cpu", "quota")
"""What else stands beside the probes' readings in the samples, and beside their figures in the record."""
Period = Literal["second", "trial"]
PERIODS: tuple[Period, ...] = get_args(Period)
SAMPLES_PER_S = 10
"""How often a ``Sampling`` probe looks, on average: a look at the server takes up to 1 ms of CPU on a busy host."""
BEATS_PER_S = 20
"""How often a ``Beating`` probe works, on average, where the processor is quick enough for it."""
MOST_BEATING = 0.008
"""Of a core, what a ``Beating`` probe takes at most: on a slow processor it beats less often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a probe may look at."""

    device: str | Unreadable
    """Under the server's data, by its name in /proc/diskstats."""
    data: Path | Unreadable
    """The server's data directory."""
    root: Path = Path("/")
    """Of the files that are read: another one where they were recorded."""


class Probe(Protocol):
    """What ``PROBE`` of a file is; a class that names this one as its base raises no doubts unless it says so."""

    period: Period
    """``second``: read every second while the window is open, so that a reading must be cheap. ``trial``: read just
    before the clients start and after the closing CHECKPOINT, for what would disturb them."""
    figures: Sequence[str]
    """What its summary holds, each with its unit in the name."""

    def __init__(self, scene: Scene) -> None:
        """Open: find what is read, once for all trials of a run."""

    def read(self) -> Any:
        """Read once: what JSON can hold, or why there is nothing (``Unreadable``)."""
        ...

    def summary(self, readings: Sequence[Any], span_s: float) -> Mapping[str, float | Unreadable]:
        """Return the figures of one trial. Pure.

        Args:
            readings: in their order, as JSON gives them back; those that could not be read are left out.
            span_s: from the first to the last.

        """
        ...

    def judge(self, observed: Mapping[str, float | None]) -> Iterable[Reason]:
        """Return what its figures make doubtful, None among them where one is not known. Pure."""
        del observed
        return ()


class Asked(Protocol):
    """The server that is measured, over a session that only probes use, begun before those of the clients."""

    def rows(self, statement: str, values: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Execute a statement in the server's own language, and return all rows."""
        ...

    def close(self) -> None:
        """End the session."""
        ...


@runtime_checkable
class Sampling(Probe, Protocol):
    """A probe of the period ``second`` that looks at the server more often than it is read."""

    def sample(self, server: Asked) -> None:
        """Look once, and keep what ``read`` then tells: sums that only grow.

        Called ``SAMPLES_PER_S`` times a second while the window is open, at irregular moments, in a thread beside the
        one that calls the rest.
        """
        ...


@runtime_checkable
class Beating(Probe, Protocol):
    """A probe of the period ``second`` that does some work of its own, to tell by it how the host is."""

    def beat(self) -> None:
        """Do it once, and keep what ``read`` then tells: sums that only grow.

        Called ``BEATS_PER_S`` times a second at most while the window is open, at irregular moments, in a thread beside
        the one that calls the rest, which takes no more than ``MOST_BEATING`` of a core.
        """
        ...


def probe_files() -> dict[str, Path]:
    """Return the files of all probes by name.

    Raises:
        UsageError: one of the user's has a name that something else has.

    """
    found = seams.pieces(SEAM, OWN, "[!_]*.py")
    for name in TAKEN:
        if name in found:
            raise UsageError(
                tr("{path}: a reading has {name} already: give the probe another name.", path=found[name], name=name)
            )
    return found


def load_probe(path: Path) -> type[Probe]:
    """Return the ``PROBE`` of a file.

    Raises:
        DataError: it can't be loaded, or defines none.

    """
    probe: Any = getattr(seams.load(path), "PROBE", None)
    if not isinstance(probe, type):
        raise DataError(tr("{path} defines no PROBE, a class as bench.probes.probe.Probe is.", path=path))
    lacking = [name for name in ("period", "figures", "read", "summary", "judge") if not hasattr(probe, name)]
    if lacking:
        raise DataError(
            tr("{path}: its PROBE lacks {names}: see bench.probes.probe.Probe.", path=path, names=", ".join(lacking))
        )
    found = cast(type[Probe], probe)
    if found.period not in PERIODS:
        raise DataError(
            tr(
                "{path}: the period of its PROBE is {period!r}; there are {known}.",
                path=path,
                period=found.period,
                known=", ".join(PERIODS),
            )
        )
    if not all(isinstance(name, str) and NAME.fullmatch(name) for name in found.figures):
        raise DataError(
            tr("{path}: the figures of its PROBE are {figures!r}; they are names.", path=path, figures=found.figures)
        )
    return found
