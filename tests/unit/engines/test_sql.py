"""Statements say whose table they mean: a search path may be lost on the way to a server."""

import re
from pathlib import Path

import pytest

from bench.engines import postgresql as server
from bench.model.table import Table, qualified

SCRIPTS = sorted((Path(server.__path__[0]) / "sql").glob("*.sql"))
UNQUALIFIED = re.compile(r"(?<![\w.])events(_\d)?\b")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_no_script_names_the_table_without_its_schema(path):
    statements = re.sub(r"--.*", "", path.read_text())
    assert not UNQUALIFIED.findall(statements)


def test_a_name_without_its_schema_would_be_found():
    assert UNQUALIFIED.findall("SELECT 1 FROM events") == [""]
    assert UNQUALIFIED.findall("CREATE TABLE events_0 PARTITION OF {schema}.events") == ["_0"]


def test_a_schema_is_named_as_it_is_whatever_is_in_its_name():
    assert Table(schema='Ann"s').sql == '"Ann""s".events'
    assert qualified("DROP TABLE {schema}.events", "Ann") == 'DROP TABLE "Ann".events'
