"""Between which batches one kind of database overtakes another: only where both sides are decided, and once."""

import pytest

from bench.analysis.comparison import CellComparison, ComparisonReport, Pair
from bench.analysis.crossing import crossings


def blank(kind, **given):
    """Make one of a class whose other fields are of no matter here."""
    made = object.__new__(kind)
    for name in kind.__dataclass_fields__:
        object.__setattr__(made, name, given.get(name))
    return made


def report(verdicts, **changes):
    cells = []
    for batch, verdict in verdicts.items():
        pair = blank(Pair, baseline="postgresql", candidate="clickhouse", verdict=verdict)
        cells.append(
            blank(CellComparison, variant="stock", transport="tcp", parameters={"batch": batch}, pairs=(pair,))
        )
    return blank(ComparisonReport, **{"across": "engine", "of_runs": False, "cells": tuple(cells)} | changes)


@pytest.mark.parametrize(
    ("verdicts", "told"),
    [
        ({1: "slower", 500: "slower", 5000: "faster"}, "clickhouse overtakes postgresql between 500 and 5,000 rows"),
        ({5000: "faster", 1: "slower", 500: "undecided"}, "clickhouse overtakes postgresql between 1 and 5,000 rows"),
        ({1: "faster", 500: "slower"}, "postgresql overtakes clickhouse between 1 and 500 rows"),
        ({1: "slower", 500: "slower", 5000: "equivalent"}, None),
        ({1: "slower", 500: "faster", 5000: "slower"}, None),
        ({1: None, 500: "faster"}, None),
    ],
)
def test_where_they_cross_is_told_where_it_is_known(verdicts, told):
    assert [text.partition(" a commit")[0] for text in crossings(report(verdicts))] == ([told] if told else [])


def test_of_anything_but_engines_of_one_run_nothing_is_told():
    verdicts = {1: "slower", 500: "faster"}
    assert crossings(report(verdicts, across="phase")) == []
    assert crossings(report(verdicts, of_runs=True)) == []
    cells = report(verdicts).cells
    other = blank(CellComparison, variant="x", transport="tcp", parameters={"batch": 500}, pairs=cells[1].pairs)
    assert crossings(report(verdicts, cells=(cells[0], other))) == []
