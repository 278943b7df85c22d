"""What survives a power cut of what was acknowledged?

Cuts the power of a private server under load, again and again: a file system forgets what was not flushed, the server
is killed with it and started on what is left, and every acknowledged row is looked for. A variant that promises to keep
what it lost is a failure.
"""

from dataclasses import replace

from rich.console import Console

from bench.analysis.durability import durability
from bench.model.parse import count
from bench.plan.options import OPTIONS, WHAT, Option
from bench.questions.question import Answer, Given, Question
from bench.report.durability import show_durability
from bench.store.cut_directory import find_cuts
from bench.targets.target import Results


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


COMMON = {option.name: option for option in OPTIONS}
VARIANTS = "stock async-commit no-fsync no-full-page-writes"
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
)
