"""Which questions there are: one file each, in this folder or in ``questions/`` of a user's (``bench.seams``).

A file defines one ``QUESTION`` (``bench.questions.question``); its docstring is its help.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from bench import seams
from bench.model.errors import DataError, UsageError
from bench.model.names import pick
from bench.plan.options import COMMON, OPTIONS

if TYPE_CHECKING:
    from bench.questions.question import Question

SEAM = "questions"
OWN = Path(__file__).parent
QUOTES = '"""'
COMMANDS = ("run", "box", "variants", "launch", "follow", "status", "pull", "cancel")
"""What is called as a question is and is none: no question has such a name."""


def questions() -> dict[str, Path]:
    """Return the file of every question by its name; nothing is loaded.

    Raises:
        UsageError: one of the user's has the name of another command.

    """
    files = seams.pieces(SEAM, OWN, "[!_]*.py")
    named = {name.replace("_", "-"): path for name, path in files.items() if path != OWN / "question.py"}
    for name in COMMANDS:
        if name in named:
            raise UsageError(f"{named[name]} has the name of a command: give it a name of its own.")
    return named


def words_of(path: Path) -> str:
    """Return the docstring of a question's file, its help; the file is read, not loaded.

    Raises:
        DataError: it can't be read, or does not begin with one.

    """
    # Not loaded: pgladder --help lists every question, and each one loads what answers it.
    before, _, after = seams.source(path).partition(QUOTES)
    words = after.partition(QUOTES)[0].strip()
    if before.strip() or not words:
        raise DataError(f"{path} does not begin with a docstring in {QUOTES}: its first line is its question's help.")
    return words


def load_question(name: str) -> "Question":
    """Load a question.

    Raises:
        UsageError: there is none of that name.
        DataError: its file defines none.

    """
    from bench.questions.question import Question

    files = questions()
    [known] = pick("question", [name], files)
    question = getattr(seams.load(files[known]), "QUESTION", None)
    if not isinstance(question, Question):
        raise DataError(f"{files[known]} defines no QUESTION, a Question of bench.questions.question.")
    for option in question.own_options():
        if question.measured and option.name in COMMON and option not in OPTIONS:
            raise DataError(f"{files[known]}: there is an option {option.flag} already: give it a name of its own.")
    return question
