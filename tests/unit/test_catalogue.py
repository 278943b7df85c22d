"""Each language has every message that people read, and no message is written past the catalogues."""

import ast
import re
from string import Formatter

import pytest
from jinja2 import nodes

from bench.model.language import FOLDER, languages
from tests.catalogue import (
    BENCH,
    ERRORS,
    MANY,
    ONE,
    TRANSLATED,
    WORDS,
    catalogues,
    compiled,
    is_heads,
    messages,
    read,
    strings,
    template,
)

EVERY = pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parents[1].name)
PROSE = re.compile(r"[A-Za-z]{2,}[,;:.]? [A-Za-z{(]|[A-Za-z]{3,}\.$")
"""Two words of a sentence, or the end of one."""
NAMES = {"style", "header_style", "justify", "overflow", "default", "left", "wraps", "help", "directories_help"}
"""Arguments that hold a name; and the help of options, which is English."""
NO_MESSAGES = {
    "analysis/durability.py": {r"may lose last (\d+) ms", "not crash-safe", "in memory"},
    "analysis/host_notes.py": {"not applicable: shared"},
    "analysis/notes.py": {", compiled by "},
    "analysis/promises.py": {"may lose last "},
    "cli/variants.py": {": pgladder box"},
    "doctor/__main__.py": {"What would stop a run on these boxes?"},
    "doctor/checks.py": {"make provision", "not measured: "},
    "doctor/table.py": {"bold red"},
    "report/share.py": {
        "kept up, checkpoint included",
        "in bursts, no checkpoint timed",
        "no rung has a trial that counts",
        "a server that was brought",
    },
    "targets/box_power.py": {".s.PGSQL."},
    "targets/boxes.py": {": pgladder box"},
    "targets/follow.py": {": trials.jsonl at byte "},
    "targets/watched.py": {"tuple[BoxNoise | None, list[str]]"},
    "analysis/published.py": {"Intel N100, 4 cores, 16 GB, NVMe, PostgreSQL 15, Python 3.11", "not reproduced"},
}
"""What is for programs alone, or names a thing."""


def placeholders(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_korean_is_there():
    assert "ko" in languages()
    assert [path.parents[1].name for path in catalogues()] == languages()[1:]


@EVERY
def test_every_message_is_translated_and_keeps_its_values(path):
    catalogue = read(path)
    found = {message.text: catalogue.get(message.text) for message in messages()}
    assert [text for text, known in found.items() if known is None] == [], "python -m tests.catalogue gathers them"
    missing, others = [], []
    for message in messages():
        known = found[message.text]
        texts = [known.string] if message.plural is None else list(known.string)
        missing += [message.text for text in texts if not text or known.fuzzy]
        others += [text for text in texts if placeholders(text) != placeholders(message.plural or message.text)]
    assert missing == []
    assert others == []


@EVERY
def test_a_catalogue_holds_nothing_that_is_said_no_more(path):
    said = {message.text for message in messages()}
    known = (each.id if isinstance(each.id, str) else each.id[0] for each in read(path) if each.id)
    assert [text for text in known if text not in said] == []


@EVERY
def test_what_is_read_is_made_of_the_catalogue(path):
    assert path.with_suffix(".mo").read_bytes() == compiled(path), "python -m tests.catalogue makes it"
    assert path.is_relative_to(FOLDER)


# --- no message past them --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("file", [file for file in TRANSLATED if file.endswith(".py")])
def test_no_message_is_written_past_the_catalogues(file):
    written = [text for text in past(ast.parse((BENCH / file).read_text())) if PROSE.search(text)]
    assert [text for text in written if text not in NO_MESSAGES.get(file, ())] == []


@pytest.mark.parametrize("file", ERRORS)
def test_no_refusal_is_written_past_the_catalogues(file):
    calls = [node for node in ast.walk(ast.parse((BENCH / file).read_text())) if isinstance(node, ast.Call)]
    errors = [call for call in calls if ast.unparse(call.func).endswith("Error") and call.args]
    assert errors
    said = [each for error in errors for each in error.args]
    assert [text for each in said for text in past(each) if PROSE.search(text)] == []


def past(node):
    """Yield the texts below a node that are in no call that translates; documentation, names and errors aside."""
    match node:
        case ast.Raise() | ast.Compare() | ast.Subscript() | ast.Expr(value=ast.Constant()):
            return
        case ast.keyword(arg=name) if name in NAMES:
            return
        case ast.Assign() if is_heads(node) or named(node, ("SPARE", "LEFT", "WORDS")):
            return
        case ast.Dict():
            below = node.values  # its keys are codes and names
        case ast.Call(func=ast.Name(id="Option")):
            return
        case ast.Call(func=ast.Name(id=called)) if (called, "words") in WORDS:
            below = [each for each in node.keywords if (called, each.arg) not in WORDS]
        case ast.Call(func=ast.Name(id=called)) if called in {*ONE, MANY}:
            below = [each for each in node.args if not isinstance(each, ast.Constant)] + node.keywords
        case _:
            below = ast.iter_child_nodes(node)
    yield from strings([node])
    for child in below:
        yield from past(child)


def named(assigned, ends):
    return any(isinstance(name, ast.Name) and name.id.endswith(ends) for name in assigned.targets)


@pytest.mark.parametrize("file", [file for file in TRANSLATED if file.endswith(".j2")])
def test_no_text_of_a_template_is_written_past_the_catalogues(file):
    tree = template(BENCH / file)
    # What is put in stands for one character, so that a tag around it stays one.
    page = "".join(
        part.data if isinstance(part, nodes.TemplateData) else "\0"
        for output in tree.find_all(nodes.Output)
        for part in output.nodes
    )
    page = re.sub(r"(?s)<(script|style).*?</\1>", "", page)
    page = re.sub(r' data-[a-z]+="[^"]*"', "", page)
    read_out = re.findall(r'(?:title|aria-label|alt)="([^"]*)"', page)
    texts = re.split(r"(?s)<[^>]*>", page.replace("<!doctype html>", ""))
    names = re.compile("pgladder|rows/s")
    assert [text for text in (*texts, *read_out) if re.search("[A-Za-z]{2,}", names.sub("", text))] == []
