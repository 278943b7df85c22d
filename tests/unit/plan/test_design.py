"""Blocks, refusals and estimates."""

from collections import Counter
from dataclasses import replace
from itertools import groupby, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.wal import KEEPING_WAL
from bench.model.errors import DataError, UsageError
from bench.model.names import pick
from bench.model.plan import MAX_TRIALS, Parameters
from bench.plan.check import check_plan, effective
from bench.plan.design import PROFILES, Design, Profile, make_plan
from bench.plan.estimate import AGENT_CONNECTIONS, connections_needed, estimate
from bench.stats.blocks import go_back
from bench.workload.phase import ladder
from tests.builders import a_plan, a_trial

VARIANTS = {name: as_variant(name, f"# {name}\n") for name in ("stock", "async-commit")}
LAYOUTS = ["plain", "no-index", "unlogged", "hash-partitioned", "plain-time-key", "time-partitioned"]


def a_wish(**changes):
    design = Design(
        phases=["1", "2-C"],
        variants=["stock", "async-commit"],
        layouts=["plain"],
        transports=["tcp"],
        profile=PROFILES["quick"],
        profile_name="quick",
        overrides={},
    )
    return replace(design, **changes)


def planned(seed=7, **changes):
    return make_plan(
        a_wish(**changes),
        ladder(),
        as_variant("harness", ""),
        VARIANTS,
        run="20261122T101500-ab12",
        created="2026-11-22T10:15:00+00:00",
        seed=seed,
    )


def combinations(trials):
    return [(trial.phase, trial.variant, trial.layout, trial.transport) for trial in trials]


def some_of(names):
    return st.lists(st.sampled_from(names), min_size=1, unique=True)


# --- blocks ----------------------------------------------------------------------------------------------------------


@given(
    phases=some_of([name for name, phase in ladder().items() if phase.engine is None]),
    variants=some_of(list(VARIANTS)),
    layouts=some_of(LAYOUTS),
    transports=some_of(["tcp", "tls", "socket"]),
    blocks=st.integers(1, 4),
    seed=st.integers(0, 1 << 31),
)
def test_each_block_holds_every_combination_once(phases, variants, layouts, transports, blocks, seed):
    profile = Profile(warm_up_s=1, window_s=1, blocks=blocks)
    plan = planned(seed, phases=phases, variants=variants, layouts=layouts, transports=transports, profile=profile)
    once = Counter(product(phases, variants, layouts, transports))
    groups = [(block, Counter(combinations(trials))) for block, trials in groupby(plan.trials, lambda t: t.block)]
    assert groups == [(block, once) for block in range(1, blocks + 1)]
    assert [trial.number for trial in plan.trials] == list(range(1, len(plan.trials) + 1))


def test_the_order_is_drawn_anew_but_second_and_fourth_block_go_backwards_through_the_one_before():
    plan = planned(phases=list(ladder()), profile=PROFILES["thorough"])
    orders = [combinations(trials) for _, trials in groupby(plan.trials, lambda trial: trial.block)]
    assert go_back(orders)
    assert (orders[1], orders[3]) == (orders[0][::-1], orders[2][::-1])
    drawn = [orders[0], orders[2], *orders[4:]]
    assert len({tuple(order) for order in [sorted(orders[0]), *drawn]}) == len(drawn) + 1


def test_orders_that_were_all_drawn_do_not_go_back():
    assert not go_back([[1, 2, 3], [2, 3, 1], [3, 1, 2]])
    assert not go_back([[1, 2, 3]])


def test_the_order_is_the_seeds():
    everything = list(ladder())
    assert planned(3, phases=everything) == planned(3, phases=everything)
    assert combinations(planned(3, phases=everything).trials) != combinations(planned(4, phases=everything).trials)


def test_over_many_seeds_every_phase_comes_first_about_equally_often():
    first = Counter(
        planned(seed, variants=["stock"], phases=["1", "2", "2-C", "2-D"]).trials[0].phase for seed in range(400)
    )
    assert len(first) == 4
    assert min(first.values()) > 60  # 100 expected, standard deviation 8.7


def test_a_plan_repeats_what_was_asked_and_carries_its_variants():
    plan = planned(variants=["async-commit"], preload_rows=5000)
    assert (plan.profile, plan.warm_up_s, plan.window_s, plan.preload_rows, plan.seed) == ("quick", 1, 2, 5000, 7)
    assert plan.variants == (VARIANTS["async-commit"],)


def test_the_plan_of_any_wish_can_be_carried_out():
    check_plan(planned(phases=list(ladder()), layouts=LAYOUTS), ladder())


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"phases": ["2C"]}, "Unknown phase '2C'; did you mean 2-C"),
        ({"variants": ["asynccommit"]}, "Unknown variant 'asynccommit'; did you mean async-commit?"),
        ({"layouts": ["no_index"]}, "Unknown layout 'no_index'; did you mean no-index?"),
        ({"transports": ["tsl"]}, "Unknown transport 'tsl'; did you mean tls"),
        ({"layouts": ["zzz"]}, "there are: plain, distributed, hash-partitioned, "),
        ({"phases": []}, "No phase asked for; there are: 1, 1-B,"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(changes, sentence):
    with pytest.raises(UsageError) as refused:
        planned(**changes)
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (
            {"variants": ["stock", "stock"]},
            "The variant stock is asked for 2 times; pgladder noise sets it against itself",
        ),
        ({"phases": ["2-C", "1", "2-C"]}, "The phase 2-C is asked for 2 times; --blocks gives more of its trials."),
        ({"layouts": ["plain"] * 3}, "The layout plain is asked for 3 times; --blocks gives more of its trials."),
        ({"transports": ["tcp", "tcp"]}, "The transport tcp is asked for 2 times; --blocks gives more of its trials."),
    ],
)
def test_a_name_that_is_given_again_is_refused_with_what_does_that(changes, sentence):
    with pytest.raises(UsageError) as refused:
        planned(**changes)
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(("name", "near"), [("PGTUNE-OLTP", "pgtune-oltp"), ("Stock", "stock"), ("tpc", "TCP")])
def test_what_is_near_is_so_in_capitals_too(name, near):
    with pytest.raises(UsageError, match=f"^Unknown variant '{name}'; did you mean {near}"):
        pick("variant", [name], ["pgtune-oltp", "stock", "TCP"])


@given(st.text(max_size=8))
def test_any_name_is_either_known_or_refused(name):
    known = ["plain", "no-index"]
    if name in known:
        assert pick("layout", [name], known) == [name]
    else:
        with pytest.raises(UsageError):
            pick("layout", [name], known)


def test_two_values_a_row_must_fit_the_parameters_of_one_statement():
    assert planned(phases=["2-E"], overrides={"batch": 16_383}).trials[0].parameters.batch == 16_383
    with pytest.raises(UsageError, match=r"2-E: a batch of 16384 needs 32768 .* ask for --batch 16383 or less"):
        planned(phases=["2-E"], overrides={"batch": 16_384})


@pytest.mark.parametrize("phase", ["2-C", "2-D", "2-F", "2-G", "2-H"])
def test_a_method_that_binds_no_value_a_row_takes_larger_batches(phase):
    assert planned(phases=[phase], overrides={"batch": 100_000}).trials[0].parameters.batch == 100_000


def test_a_pool_that_would_be_smaller_than_its_minimum_is_refused():
    with pytest.raises(UsageError, match="Phase 2: a pool can't hold at least 10 and at most 9"):
        planned(phases=["2"], overrides={"pool_max": 9})
    assert planned(phases=["2"], overrides={"pool_max": 10}).trials[0].parameters.pool_max == 10


@pytest.mark.parametrize(
    ("phases", "name", "value"),
    [
        (["1", "1-B"], "pool_min", 5),
        (["1"], "pool_max", 5),
        (["1-B"], "event_loop", "uvloop"),
        (["1", "2"], "in_flight", 5),
        (["1", "2", "2-B"], "batch", 10),
        (["1", "1-B"], "reset", "none"),
    ],
)
def test_an_override_that_means_nothing_to_the_phases_asked_for_is_refused(phases, name, value):
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')} means nothing .*: {', '.join(phases)}"):
        planned(phases=phases, overrides={name: value})


def test_an_override_changes_the_phases_it_means_something_to_and_no_other():
    overrides = {"batch": 50, "in_flight": 7, "pool_min": 3, "pool_max": 8, "event_loop": "uvloop", "processes": 2}
    changed = effective({name: ladder()[name].parameters for name in ("1", "2-B", "2-C")}, overrides)
    assert changed["1"] == replace(ladder()["1"].parameters, processes=2)
    assert changed["2-B"] == replace(ladder()["2-B"].parameters, **overrides | {"batch": 1})
    assert changed["2-C"] == replace(ladder()["2-C"].parameters, **overrides)


@pytest.mark.parametrize(("asked", "reset"), [(None, "query"), ("query", "query"), ("none", "none")])
def test_only_a_driver_whose_pool_resets_sessions_has_a_reset(asked, reset):
    plan = planned(phases=["2-B"], drivers=["asyncpg", "psycopg"], overrides={"reset": asked})
    assert {trial.driver: trial.parameters.reset for trial in plan.trials} == {"asyncpg": reset, "psycopg": None}
    check_plan(plan, ladder())
    [alone, *_] = planned(phases=["1-B", "2-B"], overrides={"reset": asked}).trials
    assert alone.parameters.reset == {"psycopg2": None, "asyncpg": reset}[alone.driver]


@pytest.mark.parametrize(("name", "value", "driver"), [("reset", "none", "psycopg"), ("pool_min", 3, "pgbench")])
def test_what_no_driver_has_is_refused(name, value, driver):
    with pytest.raises(UsageError, match=f"--{name.replace('_', '-')} means nothing to {driver}"):
        planned(phases=["2"], drivers=[driver], overrides={name: value})


def test_a_plan_without_end_is_refused():
    with pytest.raises(UsageError, match=f"one may have {MAX_TRIALS:,}"):
        planned(profile=Profile(warm_up_s=1, window_s=1, blocks=10**12))


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (a_plan(trials=()), "has no trials"),
        (a_plan(a_trial(1), a_trial(1)), "two trials of one number"),
        (a_plan(replace(a_trial(), phase="3-A")), "Unknown phase '3-A'"),
        (a_plan(a_trial(variant="tuned")), "trial 1 is of tuned, no variant of the plan"),
        (a_plan(a_trial(1, "2-E", parameters=replace(ladder()["2-E"].parameters, batch=40_000))), "80000 parameters"),
        (a_plan(a_trial(1, "1", parameters=Parameters(batch=500))), "phase 1 can't have batch = 500"),
        (a_plan(a_trial(1, "1-B", parameters=Parameters(in_flight=9))), "phase 1-B can't have in_flight = 9"),
        (a_plan(a_trial(1, "2", parameters=Parameters())), "phase 2 can't have pool_min = None"),
        (a_plan(a_trial(1, "1", parameters=Parameters(reset="none"))), "phase 1 can't have reset = none"),
        (a_plan(variants=(replace(VARIANTS["stock"], text="fsync = off\n"),)), "text of stock is not the one"),
        (a_plan(variants=(VARIANTS["stock"], VARIANTS["stock"])), "has the variant stock twice"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_be_carried_out_is_refused(plan, sentence):
    with pytest.raises(DataError) as refused:
        check_plan(plan, ladder())
    assert sentence in str(refused.value)


# --- estimates -------------------------------------------------------------------------------------------------------


def expected(trial=None, **changes):
    plan = a_plan(trial or a_trial(), **changes)
    return estimate(plan, plan.trials)


@pytest.mark.parametrize(
    "more",
    [
        expected(window_s=20),
        expected(warm_up_s=10),
        expected(preload_rows=1_000_000),
    ],
    ids=["window", "warm-up", "preload"],
)
def test_a_longer_or_fuller_trial_takes_more_time_writes_more_and_needs_more_disk(more):
    less = expected()
    assert more.seconds > less.seconds
    assert more.written_bytes > less.written_bytes
    assert more.disk_bytes > less.disk_bytes


def test_a_larger_payload_writes_more_and_needs_more_disk():
    large = expected(a_trial(parameters=replace(ladder()["2-C"].parameters, payload_bytes=640)))
    assert large.written_bytes > 2 * expected().written_bytes
    assert large.disk_bytes > expected().disk_bytes


@pytest.mark.parametrize("phase", ["1", "1-B", "2", "2-C"])
def test_more_processes_may_write_more(phase):
    many = a_trial(1, phase, parameters=replace(ladder()[phase].parameters, processes=2))
    assert expected(many).written_bytes > expected(a_trial(1, phase)).written_bytes


def test_more_trials_take_more_time_but_no_more_disk_at_once():
    plan = a_plan(a_trial(1), a_trial(2))
    both, one = estimate(plan, plan.trials), estimate(plan, plan.trials[1:])
    assert both.seconds == 2 * one.seconds
    assert both.written_bytes == 2 * one.written_bytes
    assert both.disk_bytes == one.disk_bytes


def test_nothing_left_takes_no_time():
    assert estimate(a_plan(), []).seconds == 0
    assert estimate(a_plan(), []).written_bytes == 0


@given(st.integers(1, 8), st.integers(1, 300))
def test_the_hungriest_trial_tells_the_connections(processes, pool_max):
    pooled = Parameters(processes=processes, pool_min=1, pool_max=pool_max)
    assert connections_needed([pooled, Parameters()]) == processes * pool_max + AGENT_CONNECTIONS


def keeping(max_wal_size, **changes):
    mine = as_variant("mine", f"max_wal_size = {max_wal_size}\n")
    return expected(a_trial(variant="mine"), variants=(mine,), **changes)


def test_a_variant_that_keeps_more_wal_needs_more_disk_but_no_more_than_is_written():
    much = {"preload_rows": 100_000_000}
    stock = expected(**much)
    assert keeping("16GB", **much).disk_bytes == stock.disk_bytes + (15 << 30)
    assert keeping("500MB", **much).disk_bytes == stock.disk_bytes
    assert keeping("9TB", **much).disk_bytes < stock.disk_bytes + stock.written_bytes
    assert keeping("16GB").disk_bytes == expected().disk_bytes


@pytest.mark.parametrize("name", KEEPING_WAL)
def test_what_an_arm_needs_of_the_disk_is_told_for_each_and_the_least_leaves_one(name):
    large = as_variant("large", f"{name} = 16GB\n")
    plan = a_plan(a_trial(), a_trial(2, variant="large"), variants=(VARIANTS["stock"], large), preload_rows=100_000_000)
    found = estimate(plan, plan.trials)
    assert found.disk_bytes_under["large"] == found.disk_bytes == found.disk_bytes_under["stock"] + (15 << 30)
    assert found.least_disk_bytes == found.disk_bytes_under["stock"]
    assert estimate(plan, plan.trials[:1]).disk_bytes_under.keys() == {"stock"}


def test_an_arm_that_is_refused_needs_no_disk_and_is_not_the_one_that_is_left():
    large, none = as_variant("large", "max_wal_size = 16GB\n"), as_variant("none", "", "it has nothing for this box")
    trials = (a_trial(variant="large"), a_trial(2, variant="none"))
    found = estimate(a_plan(*trials, variants=(large, none), preload_rows=100_000_000), trials)
    assert found.disk_bytes_under.keys() == {"large"}
    assert found.least_disk_bytes == found.disk_bytes_under["large"]
