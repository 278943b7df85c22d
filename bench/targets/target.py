"""What a target is: where a question is measured. ``here`` and ``boxes`` are pgladder's own.

A file in ``targets/`` of a user's folder (``bench.seams``) adds one: it defines a ``TARGET``, and ``--on`` names it. A
plan never does, and a box refuses it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, cast

from rich.console import Console

from bench import seams
from bench.model.errors import DataError, UsageError
from bench.model.language import tr
from bench.model.names import pick
from bench.model.plan import Plan
from bench.store.run_directory import find_runs

SEAM = "targets"
OWN = Path(__file__).parent / "own"
"""No folder: what pgladder has of its own is named by its commands, never by ``--on``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a question has measured; ``given`` are the options that were typed, by name (``bench.plan.options``)."""

    given: Mapping[str, Any] = field(default_factory=dict)
    against_itself: bool = False
    """The one variant is compared with itself (A/A)."""
    explains: bool = False
    """Each trial is carried out without each constraint, too."""
    repeats: str = ""
    """A pulled run whose plan is carried out again: its directory here, its name for boxes."""
    compares_hosts: bool = False
    """Boxes are what is compared: those that share a machine are interleaved, block by block."""
    check: Callable[[Plan, Mapping[str, Any]], None] | None = None
    """Raises UsageError for a plan that can't answer the question, before anything is measured."""
    pieces: Mapping[str, str] = field(default_factory=dict)
    """The target's file where it is the user's, with its SHA-256."""

    def option(self, name: str) -> Any:
        """Return what was typed for an option; None where nothing was."""
        return self.given.get(name)

    def check_plan(self, plan: Plan) -> Plan:
        """Return a plan that can answer the question.

        Raises:
            UsageError: it can't.

        """
        if self.check:
            self.check(plan, self.given)
        return plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Where the runs lie that answer a question."""

    directories: tuple[Path, ...]
    """As they were named; of runs that were just measured, the one that holds them."""
    hosts: Mapping[str, Path] = field(default_factory=dict)
    """Of runs that were just measured: where each host's lies."""
    repeated: Mapping[str, Path] = field(default_factory=dict)
    """Where the run lies whose plan was carried out again, by host."""
    complete: bool = True
    """All plans came to their end."""


def check_results(results: object, file: str, *, repeated: bool) -> Results | None:
    """Return what a user's target measured, if a question can be answered from it.

    Args:
        results: as the target returned them.
        file: of the target.
        repeated: the plan of a run that is there already was carried out again.

    Raises:
        DataError: they are no results, or hold no run.

    """
    if results is None:
        return None
    if not isinstance(results, Results):
        refused = tr(
            "{file}: measure returned {results!r:.80}: return Results of bench.targets.target, or None.",
            file=file,
            results=results,
        )
        raise DataError(refused)
    if not (isinstance(results.directories, tuple) and results.directories):
        raise DataError(
            tr("{file}: measure returned no tuple of directories: name the one that holds the run.", file=file)
        )
    if repeated and not (results.hosts and results.hosts.keys() <= results.repeated.keys()):
        raise DataError(
            tr("{file}: measure carried a run's plan out again: name by host its new run and the repeated.", file=file)
        )
    for place in (*results.directories, *results.hosts.values(), *results.repeated.values()):
        _check_place(place, file)
    return results


def _check_place(place: object, file: str) -> None:
    if not isinstance(place, Path):
        raise DataError(
            tr("{file}: measure returned {place!r:.80} as a directory: return a Path.", file=file, place=place)
        )
    try:
        find_runs(place)
    except UsageError as error:
        raise DataError(
            tr("{file}: measure returned a directory without a run: {error}", file=file, error=error)
        ) from error


class Target(Protocol):
    """A place to measure."""

    def measure(self, request: Request, out: Console) -> Results | None:
        """Carry out a request, telling people how it goes; None where nothing came of it, and that was said.

        Raises:
            NothingDoneError: the request can't be met there.

        """
        ...


def added_target(name: str) -> tuple[Target, Mapping[str, str]]:
    """Return a target of the user's, and its file with its SHA-256.

    Raises:
        UsageError: there is none of that name, or this is a box.
        DataError: its file defines none.

    """
    files = seams.pieces(SEAM, OWN, "[!_]*.py")
    if not files:
        raise UsageError(
            tr(
                "There is no target {name}: put its file into {seam}/ of the folder of {VARIABLE}.",
                name=name,
                seam=SEAM,
                VARIABLE=seams.VARIABLE,
            )
        )
    [known] = pick("target", [name], files)
    target = getattr(seams.load(files[known]), "TARGET", None)
    if not callable(getattr(target, "measure", None)):
        raise DataError(tr("{file} defines no TARGET that can measure (bench.targets.target).", file=files[known]))
    return cast(Target, target), seams.users([files[known]])
