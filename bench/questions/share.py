"""What of a run may be passed on? One file, a card, a sentence.

Figures, and words of pgladder's own: nothing that names a person or a machine, no text of a record, no file of yours.
The file is checked by the same judge as others' (pgladder collection).
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from bench.analysis.share import shared, within
from bench.analysis.shared_check import check_shared
from bench.model.codec import to_json
from bench.model.errors import DataError, HostError, UsageError
from bench.model.language import tr
from bench.model.parse import currency, number
from bench.model.plan import Plan
from bench.model.shared import Shared, Vocabulary
from bench.plan.options import ANSWER, Option
from bench.questions.question import Answer, Given, Question
from bench.report.share import card, png_maker, sentences
from bench.results.read import ladder_of, only_run, read
from bench.results.vocabulary import own_words
from bench.store.files import write_whole
from bench.store.run_directory import SHARED
from bench.targets.target import Results

OWNERS = (
    Option("price", ANSWER, "what the box cost; default: as the inventory had it at launch", number(float), "AMOUNT"),
    Option("currency", ANSWER, "of the price, such as EUR or KRW", currency, "CODE"),
    Option("watts", ANSWER, "what the box takes under load, at the wall", number(float), "W"),
)
"""What only the owner of a box knows of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What was written of a run, for programs."""

    file: str
    cards: tuple[str, ...]
    sentences: tuple[str, ...]
    shared: Shared


def answer(results: Results, given: Given) -> Answer:
    """Write what may be passed on; say where it is and what it says."""
    found = only_run(results.directories[0])
    words = own_words()
    what, text = shared_run(found.path, words, given)
    file = given.get("out") or found.path / SHARED
    pictures, note = _pictures(file, what, words)
    _write(file, text)
    for path, picture in pictures.items():
        _write(path, picture)
    told = sentences(what, words)
    where = [tr("File: {file} ({size:,} bytes)", file=file, size=len(text))]
    where += [tr("Card: {path}", path=path) for path in pictures]

    def show(out: Console) -> None:
        # A path is one line, to be copied.
        for line in where:
            out.print(Text(line), soft_wrap=True)
        for at, sentence in enumerate(told):
            out.print(Text(sentence, style="" if at else "bold"))

    written = Written(file=str(file), cards=tuple(map(str, pictures)), sentences=tuple(told), shared=what)
    return Answer(data=written, show=show, sound=what.complete, notes=note)


def shared_run(directory: Path, words: Vocabulary, given: Given) -> tuple[Shared, bytes]:
    """Return what may be passed on of a run, and its file.

    Raises:
        UsageError: there is nothing to pass on, or what the owner says of the box is no whole.
        DataError: a file of the run is not what was recorded.

    """
    run = read(only_run(directory))
    what = _with_owners(shared(run, ladder_of(run), words), {**_of_inventory(run.plan), **given})
    if not what.rungs:
        raise UsageError(
            tr("{directory} has no rung of pgladder's own pieces alone: nothing is passed on.", directory=directory)
        )
    what = within(what, lambda each: len(to_json(each)) + 1)
    text = to_json(what) + b"\n"
    _, flaws = check_shared(text, words)
    for flaw in flaws:
        if flaw.severity == "error":
            raise DataError(
                tr(
                    "{directory} can't be passed on: at {path}: {sentence}",
                    directory=directory,
                    path=flaw.path,
                    sentence=flaw.sentence,
                )
            )
    return what, text


def _of_inventory(plan: Plan) -> dict[str, Any]:
    """Return what the inventory said of the box when the run was launched."""
    if plan.owned is None:
        return {}
    said = {option.name: getattr(plan.owned, option.name) for option in OWNERS}
    return {name: value for name, value in said.items() if value is not None}


def _with_owners(what: Shared, given: Given) -> Shared:
    told: dict[str, Any] = {option.name: given[option.name] for option in OWNERS if option.name in given}
    box = replace(what.box, **told)
    if (box.price is None) != (box.currency is None):
        raise UsageError(tr("--price and --currency belong together: --price 149 --currency EUR."))
    return replace(what, box=box)


def _pictures(file: Path, what: Shared, words: Vocabulary) -> tuple[dict[Path, bytes], list[str]]:
    """Return the cards by where they go, and what is said where one can't be drawn."""
    svg = card(what, words)
    pictures = {file.with_suffix(".svg"): svg.encode()}
    draw = png_maker()
    if draw is None:
        return pictures, [tr("No PNG is drawn: that takes vl-convert-python (pip install '.[control]').")]
    return pictures | {file.with_suffix(".png"): draw(svg)}, []


def _write(path: Path, content: bytes) -> None:
    """Write a file; raises HostError where it can't be."""
    try:
        write_whole(path, content)
    except OSError as error:
        why = error.strerror or error
        raise HostError(
            tr("{path} can't be written ({why}): name another place by --out.", path=path, why=why)
        ) from error


QUESTION = Question(
    answer=answer,
    options_of_results=(
        Option("out", ANSWER, f"the file (DIR/{SHARED}); its card lies beside", Path, "FILE"),
        *OWNERS,
    ),
    directories_help="a run, on one host",
)
