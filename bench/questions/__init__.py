"""Which questions there are: one file each, in this folder or in ``questions/`` of a user's (``bench.seams``).

A file defines one ``QUESTION`` (``bench.questions.question``); its docstring is its help.
"""

import re
from keyword import iskeyword
from pathlib import Path
from typing import TYPE_CHECKING

from bench import seams
from bench.model.errors import DataError, NothingDoneError, UsageError
from bench.model.language import tr
from bench.model.names import pick
from bench.plan.options import COMMON, OPTIONS, Option

if TYPE_CHECKING:
    from bench.questions.question import Question

SEAM = "questions"
OWN = Path(__file__).parent
PATTERN = "[!_]*.py"
QUOTES = '"""'
COMMANDS = {
    *("run", "box", "variants", "phases"),
    *("launch", "follow", "status", "pull", "cancel"),
    *("help", "checked", "trust", "doctor", "provision", "teardown", "lab-up", "lab-cut", "lab-down"),
    *("demo", "compare-runs", "setup", "postgresql", "lock", "lint", "fmt", "unit", "e2e", "e2e-boxes", "e2e-labs"),
    *(
        "e2e-remote",
        "e2e-systems",
        "browser",
        "clickhouse",
        "integration",
        "test",
        "test-matrix",
        "test-slow",
    ),
    *("trees", "perf", "clean", "study-versions", "study-ceiling", "study-planted", "study-predictions"),
    *("study-adjusted", "study-rules", "study-open-loop"),
    *("study-batching", "study-engines", "study-partitions", "study-durability", "study-next-steps"),
}
"""What ``pgladder``, fab or make calls as a question and is none: no question has such a name."""
RESERVED = {
    *("action", "directories", "context", "help", "dry"),
    *(
        "fingerprint",
        "client_of",
        "replica_of",
        "roles",
        "sudo",
        "a",
        "b",
        "n",
        "system",
        "bin",
        "shell",
        "make",
        "makeflags",
        "columns",
        "lines",
        "term",
    ),
    *("lang", "language", "python", "no_color", "tmpdir", "pytest_addopts", "slow", "uv_system_certs", "verbose"),
}
"""What argparse, fab or make would take for its own: no option of a question has such a name."""


def questions() -> dict[str, Path]:
    """Return the file of every question by its name; nothing is loaded. Raises as ``look_up``."""
    return look_up()[0]


def look_up() -> tuple[dict[str, Path], dict[str, NothingDoneError]]:
    """Return the file of every question by its name, and why a name is refused; nothing is loaded.

    Raises:
        NothingDoneError: the user's folder can't be taken at all.

    """
    taken = {_name(path): path for path in OWN.glob(PATTERN) if path != OWN / "question.py"}
    refused: dict[str, NothingDoneError] = {}
    for path in seams.added_files(SEAM, PATTERN):
        name = _name(path)
        try:
            if name in COMMANDS:
                raise UsageError(tr("{path} has the name of a command: give it a name of its own.", path=path))
            seams.check_piece(path, name, taken)
            words_of(path)
        except NothingDoneError as error:
            refused[name] = error
        else:
            taken[name] = path
    # Of two files of one name neither answers: nobody shall have the answer of one for the other's.
    for name in refused:
        taken.pop(name, None)
    return dict(sorted(taken.items())), refused


def _name(path: Path) -> str:
    return seams.first_word(path).replace("_", "-")


def words_of(path: Path) -> str:
    """Return the docstring of a question's file, its help; the file is read, not loaded.

    Raises:
        DataError: it can't be read, or does not begin with one.

    """
    # Not loaded: pgladder --help lists every question, and each one loads what answers it.
    before, _, after = seams.source(path).partition(QUOTES)
    words = after.partition(QUOTES)[0].strip()
    if before.strip() or not words:
        raise DataError(
            tr(
                "{path} does not begin with a docstring in {quotes}: its first line is its question's help.",
                path=path,
                quotes=QUOTES,
            )
        )
    return words


def load_question(name: str) -> "Question":
    """Load a question.

    Raises:
        NothingDoneError: there is none of that name, its file is refused, or defines none.

    """
    from bench.questions.question import Question

    files, refused = look_up()
    if name in refused:
        raise refused[name]
    [known] = pick("question", [name], files)
    question = getattr(seams.load(files[known]), "QUESTION", None)
    if not isinstance(question, Question):
        raise DataError(tr("{path} defines no QUESTION, a Question of bench.questions.question.", path=files[known]))
    _check_options(files[known], question)
    return question


def _check_options(path: Path, question: "Question") -> None:
    """Refuse options that ``pgladder``, fab or make can't take, or would take for others."""
    seen: set[str] = set()
    for option in question.own_options():
        if not isinstance(option, Option):
            raise DataError(
                tr("{path}: {option!r} is no option: use Option of bench.plan.options.", path=path, option=option)
            )
        _check_name(path, option.name)
        # A page is written where no run is made: its --out is no other.
        common = option.name in COMMON and option not in OPTIONS and (question.measured or option.name != "out")
        if common or option.name in RESERVED or option.name in seen:
            raise DataError(
                tr(
                    "{path}: there is an option {option} already: give it a name of its own.",
                    path=path,
                    option=option.flag,
                )
            )
        seen.add(option.name)


def _check_name(path: Path, name: str) -> None:
    if not re.fullmatch("[a-z][a-z0-9_]*", name) or iskeyword(name):
        raise DataError(
            tr("{path}: {name!r} can't name an option: use lower-case letters, digits and '_'.", path=path, name=name)
        )
