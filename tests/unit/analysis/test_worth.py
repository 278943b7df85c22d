"""What a box gives for what it takes: rates divided by what owners say, ratios the comparison's own."""

from dataclasses import replace

import pytest

from bench.analysis.sides import compare_runs
from bench.analysis.worth import what_it_takes, worth_sentences
from bench.model.plan import Owned
from tests.builders import a_host, compared_run


def a_box(name, rates, cpus=4, owned=None):
    host = replace(a_host(cpu={"model": "Intel(R) N100", "logical_cpus": cpus}), host=name)
    run = compared_run({"stock": rates}, host=host)
    return replace(run, plan=replace(run.plan, owned=owned))


CHEAP = Owned(price=100.0, currency="EUR", watts=10.0)
DEAR = Owned(price=400.0, currency="EUR", watts=20.0)
SLOW = a_box("slow", [1000.0, 1010, 990, 1005], owned=CHEAP)
FAST = a_box("fast", [2000.0, 2020, 1990, 2010], cpus=8, owned=DEAR)


def found(*runs):
    return compare_runs(runs, "host").worth


def of(worth, host):
    return next(each for each in worth.hosts if each.host == host)


def by_thing(*runs):
    return {worth.per: worth for worth in found(*runs)}


def test_rates_are_divided_by_what_each_takes():
    worth = by_thing(SLOW, FAST)
    assert list(worth) == ["core", "watt", "EUR"]
    # Settled rates of the builder are four fifths of the burst.
    assert of(worth["core"], "slow").rows_per_s.estimate == pytest.approx(200, rel=0.01)
    assert of(worth["core"], "fast").rows_per_s.estimate == pytest.approx(200, rel=0.01)
    assert of(worth["watt"], "fast").rows_per_s.estimate == pytest.approx(80, rel=0.01)
    assert of(worth["EUR"], "fast").rows_per_s.estimate == pytest.approx(4, rel=0.01)


def test_a_core_that_a_container_may_not_use_does_not_count():
    cpu = {"model": "Ryzen", "logical_cpus": 16, "usable_cpus": 4}
    limited = replace(SLOW, host=replace(SLOW.host, facts={**SLOW.host.facts, "cpu": cpu}))
    assert what_it_takes(limited)["core"] == 4


def test_the_ratio_is_that_of_the_comparison_by_what_each_takes():
    one = of(by_thing(SLOW, FAST)["EUR"], "fast").over_first
    [pair] = compare_runs((SLOW, FAST), "host").cells[0].pairs
    assert one.estimate == pytest.approx(pair.settled.ratio / 4)
    assert (one.low, one.high) == pytest.approx((pair.settled.interval.low / 4, pair.settled.interval.high / 4))


def test_whether_a_box_is_worth_the_money_is_a_sentence():
    [sentence] = worth_sentences(found(SLOW, FAST))
    assert sentence.startswith("Is fast worth the money? No: rows/s a EUR, against slow: fewer in 2-C")
    [sentence] = worth_sentences(found(FAST, SLOW))
    assert sentence.startswith("Is slow worth the money? Yes: rows/s a EUR, against fast: more in 2-C")


def test_what_the_trials_do_not_bear_is_not_said():
    as_dear = a_box("alike", [1020.0, 990, 1000, 1010], owned=CHEAP)
    [sentence] = worth_sentences(found(SLOW, as_dear))
    assert "These trials can't tell: rows/s a EUR, against slow: not decided in 2-C" in sentence


def test_one_block_decides_nothing():
    [sentence] = worth_sentences(found(a_box("a", [1000.0], owned=CHEAP), a_box("b", [9000.0], owned=CHEAP)))
    assert "can't tell" in sentence
    assert "one block shows no interval" in sentence


def test_prices_in_different_currencies_are_not_compared():
    worth = by_thing(SLOW, replace(FAST, plan=replace(FAST.plan, owned=Owned(price=9e5, currency="KRW"))))
    assert of(worth["KRW"], "fast").over_first is None
    assert [each.host for each in worth["EUR"].hosts] == ["slow"]
    assert worth_sentences(list(worth.values())) == []


def test_what_nobody_says_is_not_there():
    assert what_it_takes(replace(SLOW, host=None, plan=replace(SLOW.plan, owned=None))) == {}
    assert list(by_thing(a_box("a", [1.0, 2.0]), a_box("b", [1.0, 2.0]))) == ["core"]
