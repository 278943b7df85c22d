"""What was measured and is kept in ``docs/findings``: a comparison's records, its JSON, its page, and what follows.

``python -m bench.findings NAME RUN`` keeps a run (all but its samples) as the finding of that name; without arguments
everything that follows from what is kept is written again. What follows from ``ingest``, the single steps from stock,
is the variant of that name; from ``formulas``, all variants, what the README says of it.
"""

import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.analysis.comparison import ComparisonReport, Pair
from bench.engines.postgresql.render import SUFFIX, template_directory
from bench.model.codec import to_json
from bench.model.errors import NothingDoneError, UsageError
from bench.model.plan import Plan
from bench.questions.compare import compared
from bench.report.markdown import comparison_page
from bench.report.ratios import interval_text, rank_text, ratio_text
from bench.results.noise_floors import noise_file, results_of
from bench.results.read import only_run, records_of
from bench.store.files import write_whole
from bench.store.run_directory import HOST, PLAN, SUMS, TRIALS, RunDirectory

CHECKOUT = Path(__file__).parents[1]
FINDINGS = CHECKOUT / "docs" / "findings"
README = CHECKOUT / "README.md"
COMPARISON = "comparison.json"
INGEST = "ingest"
SAYS = re.compile(r"(?<=<!-- what formulas.md says of ingest -->\n).*?(?=\n<!-- end -->)", re.DOTALL)
EARNED = "each line was measured to be faster than stock."
NONE_EARNED = "no step has earned a line yet: the same as stock."
INGEST_HEAD = """\
# Ours, for sustained ingest: {}
# Written by make ingest; a line names the step that earned it in docs/findings/ingest, with its ratio to stock and the
# interval. Each is as durable as stock.
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What a finding answers: its page's title, and the answer to be read off the comparison."""

    title: str
    answer: Callable[[ComparisonReport], str]


def main(arguments: Sequence[str]) -> None:
    """Keep a run, or write again what follows from those that are kept."""
    if arguments:
        name, run = arguments
        keep(name, only_run(Path(run)))
    for name in QUESTIONS:
        if (FINDINGS / name / PLAN).is_file():
            for path, text in follows(name).items():
                write_whole(path, text.encode())
                print(path.relative_to(CHECKOUT))  # noqa: T201 - the output of the command


def keep(name: str, run: RunDirectory) -> None:
    """Copy a run that came to its end, and what is known of its box's noise.

    Its samples are left out: they are most of its bytes, and no comparison needs them.

    Raises:
        UsageError: an unknown finding, or a run that is not whole.

    """
    if name not in QUESTIONS:
        raise UsageError(f"There is no finding {name!r}; there are: {', '.join(QUESTIONS)}.")
    if not run.check_sums():
        raise UsageError(f"{run.path} has not come to its end: only a whole run is kept.")
    place = FINDINGS / name
    place.mkdir(parents=True, exist_ok=True)
    for file in (PLAN, HOST, TRIALS, SUMS):
        write_whole(place / file, (run.path / file).read_bytes())
    pulled = records_of(run)
    known = noise_file(results_of(pulled, run.path), pulled.box)
    if known.is_file():
        kept = noise_file(FINDINGS, records_of(RunDirectory(place)).box)
        kept.parent.mkdir(exist_ok=True)
        write_whole(kept, known.read_bytes())


def follows(name: str) -> Mapping[Path, str]:
    """Return the text of every file that follows from a finding."""
    directory = RunDirectory(FINDINGS / name)
    [report] = compared(directory.path)
    host, question, plan = directory.host(), QUESTIONS[name], directory.plan()
    assert host
    answer = f"{question.answer(report)} {again(name, plan)}"
    found = {
        directory.path / COMPARISON: to_json(report).decode() + "\n",
        FINDINGS / f"{name}.md": comparison_page(question.title, answer, report, plan, host),
    }
    if name == INGEST:
        found[_template(INGEST)] = ingest_text(report)
    else:
        found[README] = SAYS.sub(lambda _: readme_says(report), README.read_text(encoding="utf-8"))
    return found


def again(name: str, plan: Plan) -> str:
    """Say by which words the same is measured again: what they are without may have changed since."""
    phases = " ".join(sorted({trial.phase for trial in plan.trials}))
    blocks = len({trial.block for trial in plan.trials})
    words = f'PHASES="{phases}" BLOCKS={blocks} WARM_UP={plan.warm_up_s:g} WINDOW={plan.window_s:g}'
    return f"Again, on any machine: `make {name} {words}`; on a box, with `HOST=address` too."


def _template(name: str) -> Path:
    return template_directory() / "variants" / f"{name}{SUFFIX}"


# --- ingest ----------------------------------------------------------------------------------------------------------


def earned(report: ComparisonReport) -> list[Pair]:
    """Return the steps that are faster than stock over all cells, slower in none, and as durable; the best first."""
    if not report.overall or report.headline != "settled":
        raise UsageError("A line of ingest is earned by settled rates over several phases; this run has none.")
    first = {arm.name: arm.durability for arm in report.cells[0].arms}
    slower = {pair.candidate for cell in report.cells for pair in cell.pairs if pair.verdict == "slower"}
    found = [
        pair
        for pair in report.overall.pairs
        if pair.verdict == "faster" and pair.candidate not in slower and first[pair.candidate] == first[pair.baseline]
    ]
    return sorted(found, key=lambda pair: pair.settled.ratio if pair.settled else 0, reverse=True)


def ingest_text(report: ComparisonReport) -> str:
    """Return the template of ``ingest``: the lines of the steps that earned it."""
    lines: dict[str, str] = {}
    for pair in earned(report):
        for line in _template(pair.candidate).read_text(encoding="utf-8").splitlines():
            setting = line.partition("#")[0].strip()
            if setting:
                why = f"{pair.candidate} {ratio_text(pair.settled)} ({interval_text(pair.settled)})"
                lines.setdefault(setting.partition("=")[0].strip(), f"{setting}  # {why}, docs/findings/ingest\n")
    return INGEST_HEAD.format(EARNED if lines else NONE_EARNED) + ("\n" if lines else "") + "".join(lines.values())


def _answer_of_steps(report: ComparisonReport) -> str:
    names = ", ".join(f"`{pair.candidate}`" for pair in earned(report))
    told = f"a line in the variant `ingest` was earned by {names}" if names else "none earned a line in `ingest`"
    return (
        f"Single steps from stock, each as durable: {told}. A step earns its line that is *faster* over all cells by"
        " the settled rate and slower in none."
    )


# --- formulas --------------------------------------------------------------------------------------------------------


def standing_of_ingest(report: ComparisonReport) -> str:
    """Return whether ``ingest`` is ahead of all variants of its durability, in a sentence."""
    same = next((each.same_as for each in report.alike if each.name == INGEST), None)
    found = [
        (standing, rank)
        for standing in (report.overall.standings if report.overall else ())
        for rank in standing.ranking
        if rank.arm == (same or INGEST)
    ]
    if not found:
        return "On the box measured nothing can be said of `ingest`: it never ran there in every phase."
    [(standing, rank)] = found
    ahead = "ahead of" if rank.worst == 1 and not same else "not ahead of"
    alike = f", the same in effect there as `{same}`," if same else ""
    return (
        f"On the box measured `ingest`{alike} is {ahead} all other variants of the same durability:"
        f" rank {rank_text(rank)} of the {len(standing.ranking)} that are {' and '.join(standing.durability)}"
        f"{_to_stock(report, rank.arm)}."
    )


def readme_says(report: ComparisonReport) -> str:
    """Return what stands in the README between its two marks."""
    words = (
        f"{standing_of_ingest(report)} All variants on the top rungs, ranked: [formulas.md](docs/findings/formulas.md);"
        " what earned `ingest` its lines: [ingest.md](docs/findings/ingest.md)."
    )
    return textwrap.fill(words, 120, break_long_words=False, break_on_hyphens=False)


def _to_stock(report: ComparisonReport, name: str) -> str:
    pair = next((pair for pair in (report.overall.pairs if report.overall else ()) if pair.candidate == name), None)
    return f", {ratio_text(pair.settled)} times stock ({interval_text(pair.settled)})" if pair else ""


def _answer_of_all(report: ComparisonReport) -> str:
    return f"{standing_of_ingest(report)} Ranks are among variants of one durability; a range of ranks is a tie."


QUESTIONS = {
    INGEST: Question("What makes ingest faster: single steps from stock", _answer_of_steps),
    "formulas": Question("All variants on the ladder's top rungs, ranked", _answer_of_all),
}

if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except NothingDoneError as error:
        sys.exit(f"findings: {error}")
