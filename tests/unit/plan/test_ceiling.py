"""Which trials lie beside those that were asked for, where what binds a rung is to be known."""

from collections import Counter
from dataclasses import replace

import pytest

from bench.engines.postgresql.render import as_variant
from bench.model.errors import DataError, UsageError
from bench.model.plan import NULL, Parameters
from bench.plan.ceiling import more_in_flight, with_twice_the_clients
from bench.plan.check import check_plan
from bench.plan.design import PROFILES, Design, make_plan
from bench.plan.estimate import estimate
from bench.plan.request import make_design
from bench.targets.connections import connections_of
from bench.workload.phase import ladder

VARIANTS = {
    "refused": as_variant("refused", "", "it has nothing for this box"),
    "stock": as_variant("stock", "# stock\n"),
    "async-commit": as_variant("async-commit", "# async-commit\n"),
}


def planned(**changes):
    design = Design(
        phases=["1", "2-C"],
        variants=["stock", "async-commit"],
        layouts=["plain"],
        transports=["tcp"],
        profile=PROFILES["quick"],
        profile_name="quick",
        overrides={},
        ceiling=True,
    )
    return make_plan(
        replace(design, **changes), ladder(), as_variant("harness", ""), VARIANTS, run="r", created="c", seed=3
    )


def test_each_block_has_a_ceiling_a_way_of_writing_and_a_twin_of_each_trial():
    plan = planned(layouts=["plain", "unlogged"])
    check_plan(plan, ladder())
    asked = [trial for trial in plan.trials if not trial.experiment]
    ceilings = [trial for trial in plan.trials if trial.engine]
    twins = [trial for trial in plan.trials if trial.twin_of]
    assert Counter((each.block, each.phase, each.engine) for each in ceilings) == Counter(
        (block, phase, NULL) for block in (1, 2, 3) for phase in ("1", "2-C")
    )
    assert (len(asked), len(twins)) == (3 * 8, 3 * 8)
    assert [trial.number for trial in plan.trials] == list(range(1, len(plan.trials) + 1))
    first = {trial.number: trial for trial in asked if trial.block == 1}
    assert Counter(trial.twin_of for trial in twins) == dict.fromkeys(first, 3)
    for trial in twins:
        base = first[trial.twin_of]
        assert trial.parameters == with_twice_the_clients(base.parameters)
        assert (trial.phase, trial.variant, trial.layout) == (base.phase, base.variant, base.layout)


def test_what_was_asked_for_is_all_that_is_left_without_them():
    plan, plain = planned(), planned(ceiling=False)
    assert not any(trial.experiment for trial in plain.trials)
    assert {(trial.phase, trial.variant) for trial in plan.as_asked().trials} == {
        (trial.phase, trial.variant) for trial in plain.trials
    }
    assert len(plan.as_asked().trials) == len(plain.trials)


def test_a_ceiling_is_reached_by_tcp_where_the_rung_is_by_tls_and_of_no_refused_variant():
    plan = planned(transports=["tls", "socket"], variants=["refused", "stock"])
    found = {(trial.transport, trial.variant) for trial in plan.trials if trial.engine}
    assert found == {("tcp", "stock"), ("socket", "stock")}


@pytest.mark.parametrize(
    ("own", "twice", "times"),
    [
        ({}, {"processes": 2}, 2),
        ({"in_flight": 50, "pool_min": 10, "pool_max": 50}, {"in_flight": 25, "pool_min": 5, "pool_max": 25}, 1),
        ({"in_flight": 5, "pool_min": 1, "pool_max": 1}, {"in_flight": 3, "pool_min": 1, "pool_max": 1}, 1.2),
        ({"processes": 4, "in_flight": 2}, {"processes": 8, "in_flight": 1}, 1),
    ],
)
def test_twice_the_clients_have_the_same_commits_in_flight_in_all(own, twice, times):
    parameters = Parameters(**own)
    found = with_twice_the_clients(parameters)
    assert found == replace(parameters, **{"processes": 2 * parameters.processes} | twice)
    assert more_in_flight(parameters, found) == pytest.approx(times)


def test_they_are_counted_in_the_estimate_but_write_nothing():
    plan, plain = planned(), planned(ceiling=False)
    asked = [trial for trial in plan.trials if not trial.experiment]
    whole, once = estimate(plan, plan.trials), estimate(plain, plain.trials)
    ceilings = [trial for trial in plan.trials if trial.engine]
    assert whole.seconds > 2 * once.seconds
    without = estimate(plan, [trial for trial in plan.trials if not trial.engine])
    assert (without.written_bytes, without.disk_bytes_under) == (whole.written_bytes, whole.disk_bytes_under)
    assert len(plan.trials) == 2 * len(asked) + len(ceilings)


def test_connections_are_those_of_the_twins_too():
    asked = {"phases": ["1"], "transports": ["tcp"]}
    assert connections_of(make_design(asked | {"ceiling": True})) == connections_of(make_design(asked)) + 1


def test_a_run_until_decided_has_none():
    with pytest.raises(UsageError, match="--ceiling takes every block"):
        make_design({"ceiling": True, "until_decided": True, "max_blocks": 6})


@pytest.mark.parametrize(
    ("of", "changes", "sentence"),
    [
        ("engine", {"engine": "another"}, "Unknown engine 'another'"),
        ("engine", {"transport": "tls"}, "is on the null server by tls, which serves tcp and socket"),
        ("twin_of", {"twin_of": 9999}, "is no twin of trial 9999"),
        ("twin_of", {"parameters": Parameters(processes=3)}, "is no twin of trial"),
    ],
)
def test_a_plan_with_a_trial_beside_that_is_of_nothing_is_refused(of, changes, sentence):
    plan = planned()
    number = next(trial.number for trial in plan.trials if getattr(trial, of))
    trials = [replace(trial, **changes) if trial.number == number else trial for trial in plan.trials]
    with pytest.raises(DataError, match=sentence):
        check_plan(replace(plan, trials=tuple(trials)), ladder())
