"""Each language has every message that people read, and no message is written past the catalogues."""

import ast
from string import Formatter

import pytest

from bench.model.language import FOLDER, languages
from tests.catalogue import BENCH, catalogues, compiled, messages, read
from tests.untranslated import (
    ALL_THE_SAME,
    ENGLISH,
    ERRORS,
    REFUSING,
    STORING,
    TEXTS,
    of_file,
    untranslated,
    why,
    written,
)

EVERY = pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parents[1].name)


def placeholders(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_korean_is_there():
    assert "ko" in languages()
    assert [path.parents[1].name for path in catalogues()] == languages()[1:]


@EVERY
def test_every_message_is_translated_and_keeps_its_values(path):
    catalogue = read(path)
    found = {(message.text, message.kind): catalogue.get(message.text, message.kind) for message in messages()}
    assert [text for text, known in found.items() if known is None] == [], "python -m tests.catalogue gathers them"
    missing, others = [], []
    for message in messages():
        known = found[message.text, message.kind]
        texts = [known.string] if message.plural is None else list(known.string)
        missing += [message.text for text in texts if not text or known.fuzzy]
        others += [text for text in texts if placeholders(text) != placeholders(message.plural or message.text)]
    assert missing == []
    assert others == []


@EVERY
def test_a_catalogue_holds_nothing_that_is_said_no_more(path):
    said = {(message.text, message.kind) for message in messages()}
    known = ((each.id if isinstance(each.id, str) else each.id[0], each.context) for each in read(path) if each.id)
    assert [text for text in known if text not in said] == []


@EVERY
def test_what_is_read_is_made_of_the_catalogue(path):
    assert path.with_suffix(".mo").read_bytes() == compiled(path), "python -m tests.catalogue makes it"
    assert path.is_relative_to(FOLDER)


# --- no message past them --------------------------------------------------------------------------------------------


def test_no_message_is_written_past_the_catalogues():
    assert untranslated() == [], "tr() or later() around it; else an exception with its reason in tests/untranslated.py"


TEMPLATE, REPORT, STORES, QUESTION = "report/new.html.j2", "report/new.py", "agent/new.py", "questions/new.py"


@pytest.mark.parametrize(
    ("file", "source", "text"),
    [
        (REPORT, "print('Nothing is left')", "Nothing is left"),
        (REPORT, "out.print(Text('Stopped'))", "Stopped"),
        (REPORT, "out.print(f'{run}: nothing left')", ": nothing left"),
        (REPORT, "table.add_column('rate')", "rate"),
        (REPORT, "def answer():\n    return f'{rate} rows a second'", " rows a second"),
        (REPORT, "LEGEND = 'Rates are means.'", "Rates are means."),
        (REPORT, "tr('{rate}: {why}', why='nothing was measured')", "nothing was measured"),
        (STORES, "print('Nothing is left')", "Nothing is left"),
        (STORES, "raise UsageError(f'{name} is unknown here')", " is unknown here"),
        (STORES, "raise HostError('This is no box.')", "This is no box."),
        (STORES, "raise SystemExit('This is no box.')", "This is no box."),
        (STORES, "sys.exit('Stopped')", "Stopped"),
        (QUESTION, "Option('rows', 'what to measure', 'the most rows', count)", "the most rows"),
        (QUESTION, "Option('rows', WHAT, help='the most rows')", "the most rows"),
        (QUESTION, "parser.add_argument('--rows', help='the most rows')", "the most rows"),
        (QUESTION, "commands.add_parser('new', help='lines')", "lines"),
        (TEMPLATE, "<p>Nothing is left</p>", "Nothing is left"),
        (TEMPLATE, "<img alt='' title=\"Nothing is left\">", "Nothing is left"),
    ],
)
def test_a_message_past_them_is_found_in_any_file(tmp_path, file, source, text):
    planted = tmp_path / file
    planted.parent.mkdir()
    planted.write_text(source)
    assert (file, text) in untranslated(tmp_path)


@pytest.mark.parametrize(
    ("file", "source"),
    [
        (REPORT, "out.print(tr('Nothing is left'))"),
        (REPORT, "LEGEND = later('Rates are means.')"),
        (REPORT, "out.print(Text(sentence, style='bold red'))"),
        (REPORT, "def answer():\n    'Return what is left.'"),
        (STORES, "Reason(code='slow', detail=f'{rate} rows a second')"),
        (STORES, "raise ServerError('The server has ended.')"),
        (STORES, "raise UsageError(tr('{name} is unknown here', name=name))"),
        (QUESTION, "Option('rows', WHAT, 'seconds measured', count)"),
        ("box/new.py", "print('Nothing is left')"),
        (TEMPLATE, "<p>{{ tr('Nothing is left') }}: 1,000 rows/s</p>"),
    ],
)
def test_what_is_translated_or_stored_is_none(tmp_path, file, source):
    planted = tmp_path / file
    planted.parent.mkdir()
    planted.write_text(source)
    assert untranslated(tmp_path) == []


@pytest.mark.parametrize("pattern", [*ENGLISH, *STORING, *REFUSING])
def test_every_exception_is_of_files_that_are_there_and_have_english(pattern):
    files = [path for path in BENCH.rglob("*") if path.suffix in {".py", ".j2"}]
    files = [path for path in files if why({pattern: "asked"}, str(path.relative_to(BENCH)))]
    # As if it were of a room without exceptions.
    texts = [text for path in files for text in of_file(path, f"report/{path.name}")]
    assert texts, f"{pattern} needs no exception."


def test_every_text_that_is_an_exception_is_there():
    for file, (_, texts) in TEXTS.items():
        assert set(texts) <= set(of_file(BENCH / file, file)), f"{file}: an exception that is not needed"


def test_every_error_that_is_an_exception_is_there():
    raised = set()
    for path in BENCH.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and any(text for each in node.args for text in written(each)):
                raised.add(ast.unparse(node.func).rpartition(".")[2])
    assert ERRORS.keys() <= raised


def test_files_that_are_looked_at_all_the_same_are_of_rooms_that_are_not():
    assert all((BENCH / file).is_file() and why(STORING, file) for file in ALL_THE_SAME)
