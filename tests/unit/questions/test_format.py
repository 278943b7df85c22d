"""``--format``: the tables of any answer on standard output, and nothing else there."""

import csv
import io
import json

import pytest

from bench.cli.main import main
from tests.builders import a_record, compared_run, pulled, written

N100 = "ram_mb=16384,cores=4,disk=nvme,disk_gb=500"


def pgladder(capsys, *words):
    with pytest.raises(SystemExit) as end:
        main(list(map(str, words)))
    told = capsys.readouterr()
    return end.value.code, told.out, told.err


@pytest.fixture
def run(tmp_path):
    return written(tmp_path / "run", pulled(a_record(1, "2-G", rows=350_000), a_record(2, "2-D")))


def test_the_ladder_is_a_csv_file(run, capsys):
    code, out, _ = pgladder(capsys, "ladder", run, "--format", "csv")
    assert code == 0
    tables = [list(csv.reader(io.StringIO(text))) for text in out.split("\n\n")]
    heads = [row for table in tables for row in table if "rows/s" in row]
    assert len(heads) >= 1
    assert any("175000" in row for table in tables for row in table)


def test_a_comparison_is_a_document(tmp_path, capsys):
    run = written(tmp_path / "run", compared_run({"stock": [100.0, 101, 99], "async-commit": [201.0, 199, 200]}))
    code, out, _ = pgladder(capsys, "compare", run, "--format", "markdown")
    assert code == 0
    lines = out.splitlines()
    assert all(line.startswith(("|", "#")) or not line for line in lines)
    assert any("async-commit" in line for line in lines)


def test_a_program_reads_tables(run, capsys):
    code, out, _ = pgladder(capsys, "ladder", run, "--format", "json")
    [table, *_] = json.loads(out)
    assert code == 0
    assert {"title", "columns", "rows"} == table.keys()


def test_the_whole_answer_and_its_tables_are_not_asked_for_at_once(run, capsys):
    code, out, err = pgladder(capsys, "ladder", run, "--json", "--format", "csv")
    assert (code, out) == (2, "")
    assert "leave one of them out" in err


def test_an_answer_without_tables_is_refused(run, capsys):
    code, out, err = pgladder(capsys, "share", run, "--format", "csv")
    assert (code, out) == (2, "")
    assert "has no table" in err


def test_another_format_is_named_with_those_that_there_are(run, capsys):
    code, _, err = pgladder(capsys, "ladder", run, "--format", "excel")
    assert code == 2
    assert "csv, markdown, json" in err


@pytest.mark.parametrize(
    ("words", "head"),
    [
        (["phases"], "phase,how it writes rows"),
        (["variants"], "variant,what it is"),
        (["variants", "show", "big-wal", "--hardware", N100], "parameter,value,why"),
        (["variants", "diff", "stock", "big-wal", "--hardware", N100], "parameter,stock,big-wal"),
    ],
    ids=lambda words: " ".join(words[:2]) if isinstance(words, list) else "",
)
def test_a_list_that_is_no_question_has_its_table_too(words, head, capsys):
    code, out, _ = pgladder(capsys, *words, "--format", "csv")
    [first, *rows] = list(csv.reader(io.StringIO(out)))
    assert (code, ",".join(first)) == (0, head)
    assert all(len(row) == len(first) for row in rows)
    assert rows


def test_of_such_a_list_too_one_form_is_asked_for(capsys):
    code, out, err = pgladder(capsys, "phases", "--json", "--format", "csv")
    assert (code, out) == (2, "")
    assert "not allowed with argument" in err
