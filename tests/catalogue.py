"""The catalogues of messages: what belongs into them is gathered from the sources, and each is made ready to be read.

``python -m tests.catalogue`` brings every ``bench/locale/*/LC_MESSAGES/pgladder.po`` up to date with the sources and
makes the ``.mo`` beside it; ``python -m tests.catalogue de`` begins one more language. Translations are written into
the ``.po``, by hand or with any program for it.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from jinja2 import Environment, nodes

from bench.analysis.ways import METHOD
from bench.cli.phases import sentence_of
from bench.engines.postgresql.render import summary, variant_names
from bench.model.language import FOLDER
from bench.plan.options import (
    BESIDE,
    DETAIL,
    FORMAT,
    GIVEN_PLANS,
    JSON,
    ON_BOXES,
    ON_THIS_MACHINE,
    OPTIONS,
    PULLED_RUN,
    RUN,
    RUN_THERE,
    YES,
)
from bench.questions import load_question, questions, words_of

CHECKOUT = Path(__file__).parents[1]
BENCH = CHECKOUT / "bench"
FABFILE, MAKEFILE = CHECKOUT / "fabfile.py", CHECKOUT / "Makefile"
OF_WORK = "Work on pgladder itself"
"""The last heading of ``make help``, and what is below it, are for those who read English sources."""
GOAL = re.compile(r"# --- (?P<heading>.*)|[a-z0-9-]+:.*## (?P<words>.*)")
"""A line of the Makefile that ``make help`` shows."""
ONE, MANY = {"tr", "later"}, "tr_many"
HEADS = ("COLUMNS", "HEADS")
"""Names of constants end so that hold the heads of a table, which ``report.tables`` and the page translate."""
NO_TABLES = ("engines/", "workload/")
"""Rooms whose columns are a database's."""
WORDS = {("Constraint", "words"), ("Phase", "method"), ("AsyncPhase", "method"), ("SyncPhase", "method")}
"""By class and argument, what a piece of a seam is called."""
HEADER = "# Messages of pgladder, gathered by: python -m tests.catalogue"
CHARTS = "report/page/charts.py"
"""Whose titles the page translates when it is built: a chart is kept without a language."""
PIECES = ("constraints/known/*.py", "workload/phases/*.py")


@dataclass(frozen=True)
class Message:
    """A message of the sources, with its plural where it has one."""

    text: str
    plural: str | None
    file: str
    """Its place in the checkout."""
    kind: str | None = None
    """Of a word that is looked up among those of its kind alone, that."""


def messages() -> list[Message]:
    """Return every message that belongs into a catalogue, each once, in the order of the files."""
    found: dict[str, Message] = {}
    for path in sorted((*BENCH.rglob("*.py"), *BENCH.rglob("*.j2"), FABFILE)):
        for message in _of_file(path, str(path.relative_to(CHECKOUT))):
            found.setdefault(message.text, message)
    for pattern in PIECES:
        for path in sorted(BENCH.glob(pattern)):
            for kind, text in _of_piece(ast.parse(path.read_text()), path):
                message = Message(text, None, str(path.relative_to(CHECKOUT)), kind)
                found.setdefault(f"{kind}: {text}" if kind else text, message)
    for text in _of_help():
        found.setdefault(text, Message(text, None, "bench/cli/ask.py"))
    for text in map(summary, variant_names()):
        found.setdefault(text, Message(text, None, "bench/report/variants.py"))
    for text in _of_make():
        found.setdefault(text, Message(text, None, MAKEFILE.name))
    return list(found.values())


def _of_help() -> Iterator[str]:
    """Yield what ``pgladder QUESTION --help`` says of the questions and their options."""
    options = [*OPTIONS, *ON_THIS_MACHINE, *GIVEN_PLANS, *ON_BOXES, *BESIDE, YES, JSON, FORMAT]
    options += [DETAIL, RUN, PULLED_RUN, RUN_THERE]
    for name, path in questions().items():
        words = words_of(path)
        yield words.partition("\n")[0]
        yield words
        question = load_question(name)
        yield question.directories_help
        options += [*question.options, *question.options_of_results]
        options += [*question.options_to_measure, *question.options_on_boxes]
    for option in options:
        yield option.group
        yield option.help


def _of_make() -> Iterator[str]:
    """Yield what ``make help`` says of the goals, but for those of the work on pgladder itself."""
    before, *_ = MAKEFILE.read_text().partition(f"# --- {OF_WORK}\n")
    for line in before.splitlines():
        if found := GOAL.match(line):
            yield found["heading"] or found["words"]


def _of_file(path: Path, file: str) -> Iterator[Message]:
    """Yield the messages of a file, whose place is in the checkout."""
    in_bench = file.removeprefix("bench/")
    if path.suffix == ".j2":
        for call in template(path).find_all(nodes.Call):
            if isinstance(call.node, nodes.Name) and call.node.name in ONE:
                [text] = call.args
                assert isinstance(text, nodes.Const)
                yield Message(text.value, None, file)
        return
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            texts = strings(node.args)
            if node.func.id in ONE and texts:
                yield Message(texts[0], None, file)
            elif node.func.id == MANY and len(texts) > 1:
                yield Message(texts[0], texts[1], file)
        elif in_bench == CHARTS and isinstance(node, ast.keyword) and node.arg == "title":
            for text in strings([node.value]):
                yield Message(text, None, file)
        elif isinstance(node, ast.Assign) and is_heads(node) and not in_bench.startswith(NO_TABLES):
            for text in filter(None, strings(ast.walk(node.value))):
                yield Message(text, None, file)


def _of_piece(tree: ast.Module, path: Path) -> Iterator[tuple[str | None, str]]:
    if path.parent.name == "phases" and path.stem != "__init__":
        yield None, sentence_of(ast.get_docstring(tree) or "")
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            for argument in node.keywords:
                if (node.func.id, argument.arg) in WORDS:
                    kind = METHOD if argument.arg == METHOD else None
                    yield from ((kind, text) for text in strings([argument.value]))


def template(path: Path) -> nodes.Template:
    """Return what a template is made of."""
    return Environment(trim_blocks=True, lstrip_blocks=True).parse(path.read_text())


def is_heads(node: ast.Assign) -> bool:
    """Return whether this constant holds the heads of a table."""
    return any(isinstance(name, ast.Name) and name.id.endswith(HEADS) for name in node.targets)


def strings(found: Iterable[ast.AST]) -> list[str]:
    """Return the texts among these expressions."""
    return [each.value for each in found if isinstance(each, ast.Constant) and isinstance(each.value, str)]


# --- catalogues ------------------------------------------------------------------------------------------------------


def read(path: Path):
    """Return a catalogue."""
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        return read_po(file, locale=path.parents[1].name)


def compiled(path: Path) -> bytes:
    """Return the ``.mo`` of a catalogue."""
    from babel.messages.mofile import write_mo

    out = BytesIO()
    write_mo(out, read(path))
    return out.getvalue()


def update(path: Path) -> None:
    """Bring a catalogue up to date, what was translated kept, and make what is read of it."""
    from babel.messages import Catalog
    from babel.messages.pofile import write_po

    locale = path.parents[1].name
    old = read(path) if path.exists() else Catalog(locale=locale)
    new = Catalog(
        locale=locale,
        project="pgladder",
        version="of this checkout",
        header_comment=HEADER,
        msgid_bugs_address="CONTRIBUTING.md",
        last_translator="pgladder",
        language_team="pgladder",
        # A catalogue that says the same is the same file.
        creation_date=old.creation_date,
        revision_date=old.creation_date,
        fuzzy=False,
    )
    for each in messages():
        key = each.text if each.plural is None else (each.text, each.plural)
        known = old.get(each.text, each.kind)
        kept = known.string if known and known.id == key else ""
        new.add(key, kept, locations=[(each.file, 0)], context=each.kind)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, new, width=120, include_lineno=False)
    path.with_suffix(".mo").write_bytes(compiled(path))


def catalogues() -> list[Path]:
    """Return every language's."""
    return sorted(FOLDER.glob("*/LC_MESSAGES/pgladder.po"))


if __name__ == "__main__":
    begun = [FOLDER / name / "LC_MESSAGES/pgladder.po" for name in sys.argv[1:]]
    for each in {*catalogues(), *begun}:
        update(each)
        left = [message for message in read(each) if message.id and not any(message.string)]
        sys.stdout.write(f"{each.relative_to(CHECKOUT)}: {len(left)} messages are not translated.\n")
