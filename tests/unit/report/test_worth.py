"""What boxes give for what they take, as a table that goes elsewhere too, and a sentence below it."""

import io

from rich.console import Console

from bench.analysis.sides import compare_runs
from bench.report.comparison import show_comparison
from bench.report.exported import TableKeeper
from bench.report.worth import show_worth
from tests.unit.analysis.test_worth import FAST, SLOW, a_box, found


def shown(*runs):
    out = Console(file=io.StringIO(), width=80)
    show_worth(out, found(*runs))
    return out.file.getvalue()


def test_each_row_stands_for_itself_and_the_answer_comes_last():
    keeper = TableKeeper()
    show_worth(keeper, found(SLOW, FAST))
    [table] = keeper.tables
    assert [row[1:3] for row in table.rows] == [
        [per, box] for per in ("core", "watt", "EUR") for box in ("slow", "fast")
    ]
    out = Console(file=io.StringIO(), width=80)
    show_comparison(out, compare_runs((SLOW, FAST), "host"))
    said = " ".join(out.file.getvalue().split())
    answer = said.index("Is fast worth the money? No")
    assert said.index("For what it takes") < said.index("fast is ") < answer


def test_where_nobody_says_what_a_box_takes_it_is_said_how_to():
    assert "where the inventory has watts, price and currency" in " ".join(
        shown(a_box("a", [1.0, 2.0]), a_box("b", [1.0, 2.0])).split()
    )


def test_of_nothing_nothing_is_said():
    out = Console(file=io.StringIO())
    show_worth(out, [])
    assert out.file.getvalue() == ""
