"""Where does a box stand among others? One page of shared files.

Each file is checked first (pgladder share writes them); what can't be taken is named with its place and reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from bench import __version__
from bench.analysis.collection import Entry, ranked_cells
from bench.model.errors import DataError, HostError, UsageError
from bench.model.language import later, tr, tr_many
from bench.model.shared import Flaw, Vocabulary
from bench.plan.options import ANSWER, Option
from bench.questions.question import Answer, Given, Question
from bench.questions.share import shared_run
from bench.report.collection import build_collection, first_sentence, mine_sentences
from bench.results.shared_files import SharedFile, shared_file, shared_files
from bench.results.vocabulary import own_words
from bench.stats.missing import not_none
from bench.store.files import write_whole
from bench.targets.target import Results

PAGE = "collection.html"
MOST_TOLD = 20
SEVERITIES = {
    "error": later("error: {file}: at {path}: {sentence}"),
    "warning": later("warning: {file}: at {path}: {sentence}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileFlaws:
    """What was found of a file."""

    file: str
    taken: bool
    flaws: Sequence[Flaw]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """What came of a collection, for programs."""

    page: str
    boxes: int
    rankings: int
    answer: Sequence[str]
    """Where one's own box stands, or which box keeps up most in the first ranking."""
    mine: Sequence[str]
    """Where one's own box stands."""
    files: Sequence[FileFlaws]
    """Those of which something was found."""


def answer(results: Results, given: Given) -> Answer:
    """Write the page of a folder of shared files; name those that are left out."""
    [folder], words = results.directories, own_words()
    files = shared_files(folder, words)
    entries = not_none(file.entry for file in files)
    left_out = len(files) - len(entries)
    if "mine" in given:
        mine = _mine(given["mine"], words)
        # One's own file may lie among the others.
        entries = [mine, *(entry for entry in entries if entry.shared != mine.shared)]
    if not entries:
        raise _none_taken(folder, files[0])
    ranked = ranked_cells(entries)
    page = given.get("out") or folder / PAGE
    _write(page, build_collection(entries, ranked, left_out, words, __version__))
    stands = mine_sentences(ranked, words)
    answers = stands or first_sentence(ranked, words)
    summary = _summary(len(entries), len(ranked), left_out, len(files))
    told = [FileFlaws(file=str(file.path), taken=bool(file.entry), flaws=file.flaws) for file in files if file.flaws]

    def show(out: Console) -> None:
        for sentence in [*_flaw_lines(files), summary]:
            out.print(Text(sentence))
        # A path is one line, to be copied.
        out.print(Text(tr("Page: {page}", page=page)), soft_wrap=True)
        for sentence in answers:
            out.print(Text(sentence, style="bold"))

    data = Collected(page=str(page), boxes=len(entries), rankings=len(ranked), answer=answers, mine=stands, files=told)
    flawed = any(flaw.severity == "error" for file in files for flaw in file.flaws)
    return Answer(data=data, show=show, sound=not flawed)


def _summary(boxes: int, rankings: int, left_out: int, files: int) -> str:
    return tr(
        "{boxes} in {rankings}; {left_out} of {files:,} files left out.",
        boxes=tr_many("{count} box", "{count:,} boxes", boxes),
        rankings=tr_many("{count} ranking", "{count} rankings", rankings),
        left_out=left_out,
        files=files,
    )


def _none_taken(folder: Path, first: SharedFile) -> DataError:
    return DataError(
        tr(
            "No file of {folder} can be taken; the first: {path}: {sentence}",
            folder=folder,
            path=first.path,
            sentence=first.flaws[0].sentence,
        )
    )


def _mine(place: Path, words: Vocabulary) -> Entry:
    """Return one's own box: of a run, or of a file that was shared."""
    if place.is_dir():
        what, _ = shared_run(place, words, {})
        return Entry(label=tr("yours"), shared=what, mine=True)
    file = shared_file(place, words, mine=True)
    if file.entry is None:
        raise UsageError(
            tr(
                "{place} can't be taken: at {path}: {sentence}",
                place=place,
                path=file.flaws[0].path,
                sentence=file.flaws[0].sentence,
            )
        )
    return file.entry


def _flaw_lines(files: Sequence[SharedFile]) -> list[str]:
    """Return a line for each flaw, errors first; of many the first ones."""
    found = [(flaw, file.path) for file in files for flaw in file.flaws]
    worst_first = sorted(found, key=lambda each: each[0].severity != "error")
    lines = [
        tr(SEVERITIES[flaw.severity], file=path, path=flaw.path, sentence=flaw.sentence) for flaw, path in worst_first
    ]
    if len(lines) > MOST_TOLD:
        return [*lines[:MOST_TOLD], tr("… and {count} more: --json has all.", count=len(lines) - MOST_TOLD)]
    return lines


def _write(page: Path, html: str) -> None:
    try:
        write_whole(page, html.encode())
    except OSError as error:
        raise HostError(
            tr(
                "{page} can't be written ({why}): name another by --out.",
                page=page,
                why=error.strerror or error,
            )
        ) from error


QUESTION = Question(
    answer=answer,
    options_of_results=(
        Option("out", ANSWER, f"the page (DIR/{PAGE})", Path, "FILE"),
        Option("mine", ANSWER, "your own box beside them: a run, or a file that was shared", Path, "RUN"),
    ),
    directories_help="a folder of shared files",
)
