"""What a question is: what it has measured, and how it answers from the runs.

Where it is measured is of ``bench.targets``, how it is called of ``bench.cli``.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from rich.console import Console
from rich.text import Text

from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.plain import print_json
from bench.model.plan import Plan
from bench.plan.options import BESIDE, FORMAT, JSON, ON_BOXES, OPTIONS, PULLED_RUN, RUN, YES, Option
from bench.report.console import console
from bench.store.run_directory import RunDirectory, find_runs
from bench.targets.target import Request, Results

HERE, BOXES = "here", "boxes"
Given = Mapping[str, Any]
"""The options that were typed, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a question."""

    data: object
    """For programs."""
    show: Callable[[Console], None]
    """Prints it for people."""
    sound: bool
    """Nothing of it is void, missing or doubtful."""
    doubts: Sequence[str] = ()
    """Which ``show`` prints and ``data`` lacks."""
    notes: Sequence[str] = ()
    """What is said after it, to programs too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Something that people ask of boxes or of their results."""

    answer: Callable[[Results, Given], Answer]
    options: tuple[Option, ...] = ()
    """What it takes beyond what is measured, also where the runs are there already."""
    options_of_results: tuple[Option, ...] = ()
    """What it takes only where the runs are there already."""
    directories: Literal["DIR", "[DIR]", "[DIR ...]"] = "DIR"
    """Which runs it takes that are there already."""
    directories_help: str = "a run, or a directory of hosts' runs"
    carries_out: Callable[[Given, Console], Results] | None = None
    """Measures it here, where that is no plan of trials; raises PgladderError where it did not get to its end."""
    options_to_measure: tuple[Option, ...] = ()
    """What it takes for that, beside where."""
    carries_out_on_boxes: Callable[[Any, Given, Console], Results] | None = None
    """Measures it on boxes (``bench.targets.boxes.Boxes``, which a box does without), likewise; then it is not asked
    there of runs that are there already."""
    options_on_boxes: tuple[Option, ...] = ()
    """What it takes for that, likewise."""
    measured: Collection[str] = ()
    """Where it can be measured: here, on boxes; else it only reads."""
    repeats: bool = False
    """What is measured is the plan of a run that is there already."""
    against_itself: bool = False
    """Its one variant is compared with itself (A/A)."""
    explains: bool = False
    """Each trial is carried out without each constraint, too."""
    compares_hosts: bool = False
    """Boxes are what is compared."""
    usual: Mapping[str, Any] = field(default_factory=dict)
    """What is measured where nothing else is asked for."""
    unasked: Collection[str] = ()
    """Common options that mean nothing to it."""
    check: Callable[[Plan, Given], None] | None = None
    """Raises UsageError for a plan that can't answer it."""

    @property
    def measures_here(self) -> bool:
        """``pgladder <question>`` may measure: it needs no directory, or carries out the plan that is in it."""
        here = HERE in self.measured or self.carries_out is not None
        return here and (self.repeats or self.directories != "DIR")

    @property
    def has_page(self) -> bool:
        """A page is written of what was measured for it: not of a run that is held against another one, nor of cuts."""
        return bool(self.measured) and not self.repeats

    def of_run(self) -> list[Option]:
        """Return the common options of what is measured that mean something to it."""
        if not self.measured or self.repeats:
            return []
        return [option for option in OPTIONS if option.name not in self.unasked]

    def on_boxes(self) -> list[Option]:
        """Return the options where it is put to boxes, or to a run that was pulled from them."""
        if self.carries_out_on_boxes:
            return [*self.options_on_boxes, RUN, YES, JSON, FORMAT, *ON_BOXES]
        if BOXES not in self.measured:
            return [PULLED_RUN, *self.of_results()]
        options = self.of_run()
        options += [option for option in self.options if option not in options]
        if self.repeats:
            return [*options, PULLED_RUN, YES, JSON, FORMAT, *BESIDE, *ON_BOXES]
        return [*options, RUN, YES, JSON, FORMAT, *BESIDE, *ON_BOXES]

    def of_results(self) -> list[Option]:
        """Return the options where the runs are there already."""
        return [*self.own_options(), JSON, FORMAT]

    def own_options(self) -> list[Option]:
        """Return the options that its file names."""
        return [*self.options, *self.options_of_results]

    def request(self, given: Given, *, repeats: str = "") -> Request:
        """Return what is to be measured for it; a plan that is given decides that by itself."""
        # A plan that is there says what is measured; the usual is for who names none.
        if not (repeats or "plan" in given or "resume" in given):
            given = {**self.usual, **given}
        return Request(
            given=given,
            against_itself=self.against_itself,
            explains=self.explains,
            repeats=repeats,
            compares_hosts=self.compares_hosts,
            check=self.check,
        )


def runs_in(results: Results) -> list[RunDirectory]:
    """Return every run of a question's results.

    Raises:
        UsageError: a directory holds none.

    """
    if results.hosts:
        return list(map(RunDirectory, results.hosts.values()))
    found = []
    for directory in results.directories:
        found += find_runs(directory)
    return found


def for_programs(given: Given) -> bool:
    """Return whether standard output is a program's: all else goes to standard error."""
    return bool(given.get("json") or given.get("format"))


def print_answer(answer: Answer, given: Given) -> None:
    """Print an answer on standard output; beside what is for programs, what that lacks goes to standard error.

    Raises:
        UsageError: it is asked for in two forms, or its tables are, and it has none.

    """
    out = console(stderr=for_programs(given))
    if given.get("json") and given.get("format"):
        raise UsageError(tr("--json is the whole answer, --format its tables alone: leave one of them out."))
    if given.get("json"):
        print_json(answer.data)
    elif given.get("format"):
        # Loaded where tables are asked for.
        from bench.report.exported import print_tables

        print_tables(answer.show, given["format"])
    else:
        answer.show(out)
    if for_programs(given):
        for doubt in answer.doubts:
            out.print(Text(doubt), soft_wrap=True)
    for sentence in answer.notes:
        out.print(Text(sentence), soft_wrap=True)
