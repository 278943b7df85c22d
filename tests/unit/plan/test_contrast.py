"""What a run varies is found in its plan; cells agree in all but the factor, its first value is the baseline."""

from dataclasses import replace

import pytest

from bench.engines.postgresql.render import as_variant
from bench.model.errors import UsageError
from bench.plan.contrast import (
    OF_DRIVER,
    OF_PARAMETERS,
    OF_TRIAL,
    by_cell,
    candidates_of,
    cell_of,
    factor_of,
    value_of,
    varying,
)
from tests.builders import a_plan, a_record, a_trial, changed

STOCK, FAST = as_variant("stock", ""), as_variant("fast", "work_mem = 5MB\n")


def plan_of(*ways, variants=(STOCK,)):
    """A plan of two blocks of these ways to write, each a phase and what is changed in it."""
    trials = []
    for block in (1, 2):
        for phase, of_trial, of_parameters in ways:
            trial = a_trial(len(trials) + 1, phase, block=block, **of_trial)
            trials.append(replace(trial, parameters=replace(trial.parameters, **of_parameters)))
    return a_plan(*trials, variants=variants)


LAYOUTS = plan_of(("2-C", {"layout": "unlogged"}, {}), ("2-C", {}, {}), ("2-C", {"layout": "no-index"}, {}))
BATCHES = plan_of(*(("2-C", {}, {"batch": batch}) for batch in (1000, 100, 20)))
LADDER = plan_of(("2-G", {}, {}), ("1", {}, {}), ("2-C", {}, {}))
DRIVERS = plan_of(("2-B", {}, {}), ("2-B", {"driver": "psycopg"}, {"reset": None}), ("1-B", {}, {}))
RESETS = plan_of(("2-B", {}, {"reset": "none"}), ("2-B", {}, {}))
BOTH = plan_of(*(("2-C", {"layout": layout}, {"batch": batch}) for layout in ("plain", "unlogged") for batch in (1, 2)))
OF_CLICKHOUSE = {"engine": "clickhouse", "layout": "merge-tree", "driver": "clickhouse"}
ENGINES = plan_of(
    ("2-G", {}, {"batch": 500}),
    ("2-G", {}, {"batch": 5000}),
    ("3-C2", OF_CLICKHOUSE, {"batch": 500}),
    ("3-C2", OF_CLICKHOUSE, {"batch": 5000}),
    ("3-C", OF_CLICKHOUSE, {"batch": 1}),
)
ONE_RUNG = plan_of(("2-C", {}, {}), ("2-C", OF_CLICKHOUSE, {}))
VARIANTS = plan_of(("2-C", {}, {}), ("2-C", {"variant": "fast"}, {}), variants=(STOCK, FAST))


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        (LAYOUTS, ["layout"]),
        (BATCHES, ["batch"]),
        (LADDER, ["phase"]),
        (BOTH, ["layout", "batch"]),
        (VARIANTS, ["variant"]),
        (DRIVERS, ["phase", "driver"]),
        (RESETS, ["reset"]),
        (ENGINES, ["phase", "engine", "batch"]),
        (ONE_RUNG, ["layout", "driver"]),
        (plan_of(("2-C", {}, {})), []),
    ],
)
def test_what_varies_is_found_and_the_parameters_of_phases_are_no_factor_of_their_own(plan, found):
    assert varying(plan) == found


@pytest.mark.parametrize(
    ("plan", "across", "arms"),
    [
        (LAYOUTS, "layout", ["plain", "no-index", "unlogged"]),
        (BATCHES, "batch", ["batch=20", "batch=100", "batch=1000"]),
        (LADDER, "phase", ["1", "2-C", "2-G"]),
        (VARIANTS, "variant", ["stock", "fast"]),
        (DRIVERS, "driver", ["asyncpg", "psycopg2", "psycopg"]),
        (RESETS, "reset", ["reset=query", "reset=none"]),
    ],
)
def test_the_one_factor_that_varies_needs_no_word_and_has_its_usual_baseline(plan, across, arms):
    assert factor_of(plan) == across
    assert candidates_of(plan, across) == arms
    assert candidates_of(plan, across, arms[1]) == [arms[1], arms[0], *arms[2:]]


def test_layouts_on_several_phases_are_compared_phase_by_phase():
    plan = plan_of(*((phase, {"layout": layout}, {}) for phase in ("2-C", "1") for layout in ("unlogged", "plain")))
    assert factor_of(plan) == "layout"
    assert [(cell.phase, cell.layout, list(arms)) for cell, arms in by_cell(plan, [], "layout").items()] == [
        ("1", None, ["plain", "unlogged"]),
        ("2-C", None, ["plain", "unlogged"]),
    ]
    assert [(cell.phase, cell.layout, list(arms)) for cell, arms in by_cell(plan, [], "phase").items()] == [
        (None, "plain", ["1", "2-C"]),
        (None, "unlogged", ["1", "2-C"]),
    ]


@pytest.mark.parametrize(
    ("plan", "asked", "told"),
    [
        (BOTH, None, "varies layout and batch: say which to compare, --across layout or --across batch"),
        (plan_of(("2-C", {}, {})), None, "has one variant, stock: nothing to compare in it"),
        (LAYOUTS, "batch", "does not vary batch: nothing to compare across it. It varies layout"),
        (LAYOUTS, "layuot", "Unknown factor 'layuot'; did you mean layout"),
        (
            plan_of(("2", {}, {}), ("2", {}, {"reset": "none"}), ("2", {"driver": "psycopg"}, {"reset": None})),
            "driver",
            "The drivers of run .* vary reset too: compare across that",
        ),
    ],
)
def test_a_factor_that_can_not_be_compared_is_refused_with_what_can(plan, asked, told):
    with pytest.raises(UsageError, match=told):
        factor_of(plan, asked)


def test_a_rate_is_named_as_it_was_asked_for():
    parameters = a_trial(1).parameters
    trials = [a_trial(number, parameters=replace(parameters, rate=rate)) for number, rate in enumerate((100.0, 0.5), 1)]
    assert candidates_of(a_plan(*trials), "rate", "rate=100") == ["rate=100", "rate=0.5"]


def test_a_baseline_that_is_no_arm_is_refused_by_name():
    with pytest.raises(UsageError, match="Unknown layout 'hash-partitioned'"):
        candidates_of(LAYOUTS, "layout", "hash-partitioned")


ALONE = tuple(factor for factor in (*OF_TRIAL, *OF_PARAMETERS) if factor != "engine")
"""An engine never differs alone: its rungs and tables are its own."""


@pytest.mark.parametrize("across", ALONE)
def test_trials_that_differ_in_one_factor_alone_share_a_cell_and_no_others_do(across):
    other = {"variant": "fast", "layout": "unlogged", "phase": "2-D", "transport": "tls", "event_loop": "uvloop"}
    one = changed(a_record(1, "2-C"), **{across: other.get(across, 77)}).trial
    usual = a_trial(2, "2-C")
    assert cell_of(one, across) == cell_of(usual, across)
    assert value_of(one, across) != value_of(usual, across)
    for factor in ALONE:
        if factor not in (across, "phase") and across != "phase" and not (across in OF_DRIVER and factor == "driver"):
            assert cell_of(one, factor) != cell_of(usual, factor)


def test_drivers_are_compared_though_the_pool_of_one_resets_and_of_another_does_not():
    cells = by_cell(DRIVERS, [], "driver")
    assert [(cell.phase, list(arms)) for cell, arms in cells.items()] == [
        ("1-B", ["asyncpg", "psycopg2", "psycopg"]),
        ("2-B", ["asyncpg", "psycopg2", "psycopg"]),
    ]


def test_records_stand_with_their_arm_and_block_and_the_last_attempt_counts():
    [first, *_] = [trial for trial in LAYOUTS.trials if trial.layout == "plain"]
    records = [a_record(first.number, attempt=attempt, block=first.block) for attempt in (1, 2)]
    [arms] = by_cell(LAYOUTS, records, "layout").values()
    assert {name: list(blocks) for name, blocks in arms.items()} == {
        "plain": [(LAYOUTS.run, 1, 1)],
        "no-index": [],
        "unlogged": [],
    }
    assert arms["plain"][LAYOUTS.run, 1, 1].attempt == 2


POOLS = plan_of(*(("2-C", {}, {"pool_min": n, "pool_max": n}) for n in (16, 2, 4)))


def test_a_pool_of_one_size_is_one_factor():
    assert varying(POOLS) == ["pool"]
    assert factor_of(POOLS) == factor_of(POOLS, "pool") == "pool"
    assert candidates_of(POOLS, "pool") == ["pool=2", "pool=4", "pool=16"]
    assert len({cell_of(trial, "pool") for trial in POOLS.trials}) == 1
    bounds = plan_of(*(("2-C", {}, {"pool_min": 2, "pool_max": n}) for n in (2, 4)))
    assert varying(bounds) == ["pool_max"]
    assert value_of(bounds.trials[1], "pool") == "pool=2–4"


TOGETHER = plan_of(*(("2-C", {}, {"in_flight": n, "pool_max": 10 * n}) for n in (4, 8)))
MIXED = plan_of(*((phase, {}, {"batch": batch}) for phase in ("2-C", "2-D") for batch in (10, 1000)))


@pytest.mark.parametrize(
    ("plan", "asked", "told"),
    [
        (TOGETHER, "in_flight", "No two trials of run .* differ in in_flight alone: pool_max vary with it"),
        (POOLS, "pool_max", "Both bounds of the pools of run .* vary together: compare --across pool"),
        (MIXED, "phase", "The phases of run .* vary batch too: compare across that"),
    ],
)
def test_what_varies_with_something_else_is_not_compared_across(plan, asked, told):
    with pytest.raises(UsageError, match=told):
        factor_of(plan, asked)


def test_an_arm_without_trials_in_a_cell_stays_an_arm_there():
    plan = plan_of(("2-C", {}, {}), ("2-C", {"layout": "unlogged"}, {}), ("2-D", {"layout": "unlogged"}, {}))
    arms = {cell.phase: list(arms) for cell, arms in by_cell(plan, [], "layout").items()}
    assert arms == {"2-C": ["plain", "unlogged"], "2-D": ["plain", "unlogged"]}


def test_the_layout_that_the_others_name_is_the_baseline():
    plan = plan_of(*(("2-C", {"layout": layout}, {}) for layout in ("plain", "abc", "zwei")))
    assert candidates_of(plan, "layout") == ["plain", "abc", "zwei"]
    named = replace(plan, baselines={"abc": "zwei"})
    assert candidates_of(named, "layout") == ["zwei", "abc", "plain"]


def test_engines_are_compared_where_they_write_as_many_rows_a_commit():
    assert candidates_of(ENGINES, "engine") == ["postgresql", "clickhouse"]
    assert factor_of(ENGINES, "engine") == "engine"
    records = [a_record(trial.number, trial.phase) for trial in ENGINES.trials]
    records = [replace(record, trial=trial) for record, trial in zip(records, ENGINES.trials, strict=True)]
    cells = by_cell(ENGINES, records, "engine")
    assert [dict(cell.parameters)["batch"] for cell in cells] == [500, 5000], "what one alone writes is left out"
    for cell, arms in cells.items():
        assert (cell.phase, cell.layout, cell.driver) == (None, None, None)
        assert {name: len(blocks) for name, blocks in arms.items()} == {"postgresql": 2, "clickhouse": 2}


def test_of_two_rungs_of_an_engine_that_write_alike_nobody_knows_which_to_compare():
    plan = plan_of(("2-G", {}, {"batch": 500}), ("2-D", {}, {"batch": 500}), ("3-C2", OF_CLICKHOUSE, {"batch": 500}))
    with pytest.raises(UsageError, match=r"2-D in plain and 2-G in plain.*one phase and one layout of each"):
        factor_of(plan, "engine")
