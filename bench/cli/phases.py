"""``pgladder phases``: each rung of the ladder with its one sentence, which is the first of its file."""

import argparse
import ast
import re
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from bench import seams
from bench.cli.ask import add_for_programs
from bench.model.errors import DataError
from bench.model.language import later, tr
from bench.model.plain import print_json
from bench.report.console import console
from bench.report.exported import print_tables
from bench.report.tables import add_rows, bare_table, print_whole
from bench.workload.phase import ladder

DONE = 0
COLUMNS = ("phase", "how it writes rows")
NAMED = re.compile(r"^Phase \S+: ")
LEGEND = later(
    "A row: INSERT INTO events (device_id, payload) VALUES ($1, $2); a bigint, and 64 characters (--payload-bytes)."
)


def add_phases(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.set_defaults(action=list_phases)
    add_for_programs(parser)


def list_phases(options: argparse.Namespace) -> int:
    """Print a line for each rung, from the bottom up; nothing of a rung is carried out for it."""
    sentences = {name: sentence_of(docstring(path)) for name, path in ladder().files.items()}
    if options.json:
        print_json(sentences)
        return DONE
    if options.format:
        print_tables(lambda out: _show(out, sentences), options.format)
    else:
        _show(console(), sentences)
    return DONE


def _show(out: Console, sentences: Mapping[str, str]) -> None:
    table = bare_table(COLUMNS, left=COLUMNS, wraps=COLUMNS[1:])
    add_rows(table, ((name, tr(sentence)) for name, sentence in sentences.items()))
    print_whole(out, table)
    out.print(tr(LEGEND), style="dim")


def docstring(path: Path) -> str:
    """Return the docstring of a rung's file; empty where it has none. The file is read, not loaded.

    Raises:
        DataError: it can't be read, or is no Python.

    """
    try:
        return ast.get_docstring(ast.parse(seams.source(path))) or ""
    except SyntaxError as error:
        raise DataError(tr("{path} is no Python: {error}.", path=path, error=error)) from error


def sentence_of(words: str) -> str:
    """Return the first paragraph of a rung's docstring in one line, without its name.

    >>> sentence_of("Phase 2-B: fifty inserts in flight by ``asyncio.gather``.")
    'fifty inserts in flight by asyncio.gather.'
    """
    first = " ".join(words.partition("\n\n")[0].split())
    return NAMED.sub("", first).replace("``", "")
