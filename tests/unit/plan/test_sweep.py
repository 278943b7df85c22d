"""What can be swept, what a plan of it looks like, and what a plan is read to sweep."""

import pytest

from bench.engines.postgresql.render import as_variant
from bench.model.errors import UsageError
from bench.plan.design import make_plan
from bench.plan.request import make_design
from bench.plan.sweep import points_of, swept, told_apart, values_of
from bench.workload.phase import ladder

STOCK = as_variant("stock", "")


def planned(of, *phases, **asked):
    design = make_design({"of": of, "phases": list(phases), "blocks": 2, **asked}, transports=("tcp",))
    return make_plan(design, ladder(), as_variant("harness", ""), {"stock": STOCK}, run="r", created="now", seed=1)


def test_each_value_is_a_point_and_of_two_parameters_each_pair():
    assert points_of("batch=1,10") == [{"batch": 1}, {"batch": 10}]
    assert points_of("pool=2,4") == [{"pool_min": 2, "pool_max": 2}, {"pool_min": 4, "pool_max": 4}]
    assert points_of("in-flight=1,2 payload=64,128") == [
        {"in_flight": 1, "payload_bytes": 64},
        {"in_flight": 1, "payload_bytes": 128},
        {"in_flight": 2, "payload_bytes": 64},
        {"in_flight": 2, "payload_bytes": 128},
    ]
    automatic = [point["batch"] for point in points_of("batch=auto")]
    assert automatic == sorted(set(automatic))
    assert len(automatic) > 5


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "a sweep is of one parameter"),
        ("batch", "two values or more"),
        ("batch=10", "two values or more"),
        ("batch=10,10", "each once"),
        ("batch=1,many", "batch=many"),
        ("batch=0,1", "batch=0"),
        ("bach=1,2", "did you mean batch"),
        ("batch=1,2 batch=3,4", "swept twice"),
        ("batch=1,2 pool=1,2 payload=1,2", "A sweep is of one parameter"),
        ("reset=auto", "no values of its own"),
        ("rate=auto batch=1,2", "swept alone"),
    ],
)
def test_what_is_no_sweep_is_refused_with_what_would_be_one(text, why):
    with pytest.raises(UsageError, match=f"(?i){why}"):
        points_of(text)


def test_every_point_is_tried_in_every_block_in_random_order():
    plan = planned("pool=2,4,8", "2-B", "2-C")
    for block in (1, 2):
        tried = [(trial.phase, *values_of(trial, ["pool"])) for trial in plan.trials if trial.block == block]
        assert sorted(tried) == [(phase, pool) for phase in ("2-B", "2-C") for pool in (2, 4, 8)]
    assert swept(plan) == ["pool"]
    assert {trial.parameters.pool_min for trial in plan.trials} == {2, 4, 8}


@pytest.mark.parametrize(
    ("of", "names"),
    [
        ("payload=64,128", ["payload"]),
        ("batch=1,2 in_flight=1,2", ["in_flight", "batch"]),
        ("pool_max=10,20", ["pool_max"]),
    ],
)
def test_what_a_plan_sweeps_is_read_from_its_trials(of, names):
    assert swept(planned(of, "2-C")) == names


def test_phases_of_several_engines_are_swept_together():
    plan = planned("batch=1,500", "2-G", "3-C3")
    assert swept(plan) == ["batch"]
    assert {trial.engine for trial in plan.trials} == {None, "clickhouse"}


def test_a_phase_that_has_nothing_of_what_is_swept_is_refused_by_its_name():
    with pytest.raises(UsageError, match="Phase 1-B by psycopg2 has nothing of what is swept"):
        planned("batch=1,10", "1-B", "2-C")


def test_a_run_that_varies_no_parameter_is_no_sweep():
    design = make_design({"phases": ["2-C"], "blocks": 2}, transports=("tcp",))
    plan = make_plan(design, ladder(), as_variant("harness", ""), {"stock": STOCK}, run="r", created="now", seed=1)
    with pytest.raises(UsageError, match="varies no parameter"):
        swept(plan)


def test_a_trial_is_told_apart_by_what_differs_from_others_of_its_phase_alone():
    plan = planned("pool=2,4", "2-B", "2-C")
    assert {tuple(told_apart(trial, plan)) for trial in plan.trials} == {("pool 2",), ("pool 4",)}
    [first, *_] = planned("batch=1,10 payload=64,128", "2-C").trials
    assert [words.split()[0] for words in told_apart(first, planned("batch=1,10 payload=64,128", "2-C"))] == [
        "batch",
        "payload_bytes",
    ]
