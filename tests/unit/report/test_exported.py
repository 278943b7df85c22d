"""Every table that is printed is one for other programs, too."""

import csv
import io
import json
import sqlite3
from contextlib import closing

import pytest
from rich.text import Text

from bench.report.exported import TableKeeper, value_of, written
from bench.report.tables import add_rows, bare_table, print_whole
from bench.report.terminal import show_ladders
from tests.builders import a_record, a_report, void


def kept(*rows, title="stock · plain"):
    keeper = TableKeeper()
    keeper.print(Text(f"{title}\nmore of it"))
    table = bare_table(("phase", "rows/s"), left={"phase"})
    add_rows(table, rows)
    print_whole(keeper, table)
    return keeper.tables


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("313.3k", 313_300), ("1.030M", 1_030_000), ("2.5G", 2_500_000_000), ("1,172", 1172), ("72.5", 72.5),
        ("2×", 2), ("0.78×", 0.78), ("−3", -3), ("6.30", 6.3), ("20.0", 20.0), ("–", None), ("2-G", "2-G"),
        ("2?", "2?"), ("10–50", "10–50"), ("<.001", "<.001"), ("", ""), ("12,34", "12,34"), ("15 17", "15 17"),
    ],
)  # fmt: skip
def test_a_figure_of_a_table_is_a_number_and_anything_else_its_text(text, value):
    assert value_of(text) == value
    assert type(value_of(text)) is type(value)


def test_a_table_keeps_the_first_line_above_it_as_its_title():
    [table] = kept(["2-G", "1,172"])
    assert (table.title, table.columns, table.rows) == ("stock · plain", ["phase", "rows/s"], [["2-G", 1172]])


def test_csv_is_read_by_others_whatever_stands_in_a_cell():
    text = written(kept(['a "b", c', "1,172"], ["x\ny", "–"]), "csv")
    assert list(csv.reader(io.StringIO(text))) == [["phase", "rows/s"], ['a "b", c', "1172"], ["x\ny", ""]]


def test_several_tables_have_their_titles_and_an_empty_line_between():
    text = written([*kept(["1", "2"], title="one"), *kept(["3", "4"], title="other")], "csv")
    assert text == "# one\nphase,rows/s\n1,2\n\n# other\nphase,rows/s\n3,4\n"


def test_markdown_aligns_numbers_and_lets_no_text_be_markup():
    text = written(kept(["a|b", "1,172"], ["<b>", "–"]), "markdown")
    assert text == "| phase | rows/s |\n| --- | ---: |\n| a\\|b | 1172 |\n| \\<b\\> | – |\n"


def test_json_is_a_list_of_tables():
    assert json.loads(written(kept(["2-G", "–"]), "json")) == [
        {"title": "stock · plain", "columns": ["phase", "rows/s"], "rows": [["2-G", None]]}
    ]


def test_the_ladder_goes_into_a_database_as_it_is():
    keeper = TableKeeper()
    show_ladders(keeper, a_report(a_record(1, "1"), a_record(2, "2-G"), a_record(3, "2-D", **void())))
    table = keeper.tables[0]
    assert "stock" in table.title
    with closing(sqlite3.connect(":memory:")) as database:
        names = ", ".join(f'"{name}"' for name in table.columns)
        database.execute(f"CREATE TABLE ladder ({names})")
        marks = ", ".join("?" * len(table.columns))
        database.executemany(f"INSERT INTO ladder VALUES ({marks})", table.rows)
        [(count, most)] = database.execute(
            'SELECT count(*), max("rows/s") FROM ladder WHERE typeof("rows/s") <> \'text\''
        )
    assert (count, most) == (2, 17_500)
