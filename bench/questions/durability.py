"""What survives a power cut of what was acknowledged?

Cuts the power of a private server under load, again and again: a file system forgets what was not flushed, the server
is killed with it and started on what is left, and every acknowledged row is looked for. Of a box the power of the whole
machine is cut. A variant that promises to keep what it lost is a failure.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from rich.console import Console

from bench.analysis.durability import durability
from bench.model.parse import count, switch
from bench.plan.options import OPTIONS, WHAT, WHERE, Option
from bench.questions.question import Answer, Given, Question
from bench.report.durability import show_durability
from bench.store.cut_directory import find_cuts
from bench.targets.target import Results

if TYPE_CHECKING:
    from bench.targets.boxes import Boxes


def answer(results: Results, given: Given) -> Answer:
    """Return what each run of cuts shows."""
    # Late: what is cut is known without it.
    from bench.targets.next_step import next_of_cuts

    found = []
    for directory in results.directories:
        for run in find_cuts(directory):
            report = durability(run.plan(), run.records())
            found.append(replace(report, next=next_of_cuts(report, run.plan(), run.path, given)))

    def show(out: Console) -> None:
        for number, each in enumerate(found):
            if number:
                out.print()
            show_durability(out, each)

    complete = all(each.complete for each in found)
    kept = all(variant.kept for each in found for variant in each.variants)
    return Answer(data=found if found[1:] else found[0], show=show, sound=complete and kept)


def carry_out(given: Given, out: Console) -> Results:
    """Cut the power here; see ``bench.targets.cuts``."""
    from bench.targets.cuts import measure

    return measure(given, out)


def carry_out_on_box(boxes: "Boxes", given: Given, out: Console) -> Results:
    """Cut the power of a whole box; see ``bench.targets.box_cuts``."""
    from bench.targets.box_cuts import measure_on_box

    return measure_on_box(boxes, given, out)


COMMON = {option.name: option for option in OPTIONS}
VARIANTS = "stock async-commit no-fsync no-full-page-writes"
ON_A_BOX = "stock async-commit no-fsync"
QUESTION = Question(
    answer=answer,
    directories="[DIR]",
    directories_help="such a run that is there; without it, one is made here",
    carries_out=carry_out,
    options_to_measure=(
        Option(
            "variants", WHAT, f"as in `pgladder variants`, or paths of your own; default: {VARIANTS}", metavar="NAME"
        ),
        COMMON["layouts"],
        Option("cuts", WHAT, "cuts of each, where all that was not flushed is forgotten; default: 10", count),
        Option("torn", WHAT, "cuts of each where chance leaves some of that, in blocks of 4 KiB; default: 0", count),
        Option("kills", WHAT, "times that the server alone is killed, which is no cut; default: 1", count),
        COMMON["seed"],
    ),
    carries_out_on_boxes=carry_out_on_box,
    options_on_boxes=(
        Option(
            "variants", WHAT, f"as in `pgladder variants`, or paths of your own; default: {ON_A_BOX}", metavar="NAME"
        ),
        COMMON["layouts"],
        Option("cuts", WHAT, "cuts of the box's power for each; default: 10", count),
        COMMON["seed"],
        Option("power_command", WHERE, "cuts the box's power and gives it back: a command here", str, "COMMAND"),
        Option("by_hand", WHERE, "somebody pulls its plug when asked to, and puts it back", switch),
    ),
)
