"""Boxes are set beside each other by their records, and ranked no further than these bear."""

from dataclasses import replace

import pytest

from bench.analysis.collection import A_CORE, A_WATT, KEPT_UP, Entry, ranked_cells
from bench.analysis.ladder import ladder_report
from bench.analysis.share import shared
from bench.results.vocabulary import own_words
from tests.builders import a_record, pulled

RUN = pulled(a_record(1, "2-G"))
ONE = shared(RUN, ladder_report(RUN), own_words())


def box(label, *rates, **of_box):
    """A box of these sustained rates."""
    [rung] = ONE.rungs
    middle = sorted(rates)[len(rates) // 2]
    rung = replace(
        rung, trials=len(rates), sustained_of_trials=rates, sustained_rows_per_s=middle, rows_per_s=2 * middle
    )
    return Entry(label=label, shared=replace(ONE, box=replace(ONE.box, **of_box), rungs=(rung,)))


def with_rung(entry, **changes):
    [rung] = entry.shared.rungs
    return replace(entry, shared=replace(entry.shared, rungs=(replace(rung, **changes),)))


FAST, SLOW = box("fast", 990.0, 1000.0, 1010.0), box("slow", 99.0, 100.0, 101.0)


def ranks(ranked, name=KEPT_UP):
    return {
        placed.entry.label: (placed.places[name].best, placed.places[name].worst)
        for placed in ranked.placed
        if name in placed.places
    }


def test_boxes_that_are_surely_apart_have_a_rank_each():
    [ranked] = ranked_cells([SLOW, FAST])
    assert ranks(ranked) == {"fast": (1, 1), "slow": (2, 2)}
    assert [placed.entry.label for placed in ranked.placed] == ["fast", "slow"]


def test_boxes_that_overlap_share_their_ranks():
    [ranked] = ranked_cells([FAST, box("alike", 985.0, 1003.0, 1012.0), SLOW])
    assert ranks(ranked) == {"fast": (1, 2), "alike": (1, 2), "slow": (3, 3)}


def test_a_box_of_one_trial_may_have_any_rank():
    [ranked] = ranked_cells([FAST, SLOW, box("once", 500.0)])
    assert ranks(ranked) == {"fast": (1, 2), "once": (1, 3), "slow": (2, 3)}


@pytest.mark.parametrize(
    "other",
    [
        {"layout": "unlogged"}, {"transport": "socket"}, {"major": 17}, {"durability": ("not crash-safe",)},
        {"variant": "async-commit"}, {"phase": "2-H"}, {"driver": "psycopg"}, {"preload_rows": 9},
        {"parameters": replace(ONE.rungs[0].parameters, batch=500)},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_what_differs_in_its_record_is_ranked_apart(other):
    assert len(ranked_cells([FAST, with_rung(SLOW, **other)])) == 2


def test_windows_of_another_length_are_ranked_apart():
    assert len(ranked_cells([FAST, replace(SLOW, shared=replace(SLOW.shared, window_s=120.0))])) == 2


def test_a_server_of_somebodys_own_is_ranked_nowhere():
    assert ranked_cells([replace(FAST, shared=replace(FAST.shared, external=True))]) == []


def test_the_rate_a_core_may_turn_the_order_around():
    [ranked] = ranked_cells([box("big", 990.0, 1000.0, 1010.0, cpus=64), box("small", 99.0, 100.0, 101.0, cpus=2)])
    assert ranks(ranked) == {"big": (1, 1), "small": (2, 2)}
    assert ranks(ranked, A_CORE) == {"small": (1, 1), "big": (2, 2)}
    assert [placed.places[A_CORE].value for placed in ranked.placed] == pytest.approx([1000 / 64, 50], rel=0.01)


def test_watts_and_prices_rank_those_that_have_them_and_currencies_apart():
    [ranked] = ranked_cells(
        [
            box("a", 990.0, 1000.0, 1010.0, price=150.0, currency="EUR", watts=10.0),
            box("b", 99.0, 100.0, 101.0, price=150.0, currency="EUR"),
            box("c", 99.0, 100.0, 101.0, price=900.0, currency="KRW"),
        ]
    )
    assert ranks(ranked, "a EUR") == {"a": (1, 1), "b": (2, 2)}
    assert ranks(ranked, "a KRW") == {"c": (1, 1)}
    assert ranks(ranked, A_WATT) == {"a": (1, 1)}


def test_the_cell_of_most_boxes_comes_first():
    lonely = with_rung(box("x", 9e6, 9.1e6), layout="no-index")
    assert [len(ranked.placed) for ranked in ranked_cells([lonely, FAST, SLOW])] == [2, 1]
