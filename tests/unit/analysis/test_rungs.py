"""Rungs have names of their own, and trials."""

from dataclasses import replace

import pytest

from bench.analysis.beside import beside, unlike
from bench.analysis.rungs import rung_names, trials_of
from tests.builders import a_plan, a_record, a_report, climbed, void


def test_a_rung_is_named_by_its_phase_and_method():
    [ladder] = climbed(a_record(1, "1"), a_record(2, "2-C"))
    assert rung_names(ladder) == ["1 connect each", "2-C executemany"]


def test_rungs_of_one_phase_are_told_apart_by_what_differs():
    [ladder] = climbed(a_record(1, "2-C", batch=10), a_record(2, "2-C", batch=100))
    assert rung_names(ladder) == ["2-C executemany, batch 10", "2-C executemany, batch 100"]


def test_a_rung_has_its_trials_the_void_ones_too_and_of_each_the_last_attempt():
    records = [a_record(1, **void("agent-ended")), a_record(2), a_record(3, "1"), a_record(1, attempt=2)]
    [ladder] = climbed(*records)
    rung = ladder.rungs[-1]
    assert [record.key for record in trials_of(ladder, rung, records)] == [(1, 2), (2, 1)]


def test_hosts_stand_side_by_side_rung_by_rung():
    [arm] = beside([a_report(a_record(1, "1"), a_record(2, "2-C")), a_report(a_record(1, "2-C", rows_per_s=20_000))])
    assert arm.arm == ("stock", "plain", "tcp")
    assert [rung and rung.rows_per_s for rung in arm.rungs["2-C executemany"]] == [17_500, 20_000]
    assert arm.rungs["1 connect each"][1] is None


def test_hosts_that_were_measured_alike_are_a_fair_pair():
    assert unlike([a_plan(), a_plan(run="another", seed=8)]) == []


@pytest.mark.parametrize(
    ("change", "words"), [({"window_s": 20}, "window 2 s and 20 s"), ({"preload_rows": 9}, "rows preloaded 0 and 9")]
)
def test_what_makes_two_hosts_no_fair_pair_is_named(change, words):
    assert unlike([a_plan(), a_plan(**change)]) == [words]


def test_a_variant_of_the_same_name_but_another_text_is_named():
    [stock] = a_plan().variants
    [found] = unlike([a_plan(), a_plan(variants=(replace(stock, sha256="f" * 64),))])
    assert found.startswith("text of variant stock")
