"""A plan with experiments: each trial again without each constraint, predicted from a first block that has none."""

from dataclasses import replace

import pytest

from bench.constraints.constraint import OF_SESSIONS, Place, constraints
from bench.engines.postgresql.render import AS_FOUND, as_variant, texts
from bench.model.errors import DataError, UsageError
from bench.model.fingerprint import Processors
from bench.model.plan import Without
from bench.plan.check import check_consistent, check_plan
from bench.plan.client_boxes import removal_of
from bench.plan.experiments import experiments, with_experiments
from bench.plan.suspects import left_out, suspects_of
from bench.workload.driver import as_driven
from bench.workload.phase import ladder
from tests.builders import a_plan, a_record, a_trial
from tests.experiments import planned_on_client_boxes, planned_on_theirs

HERE = Place(managed=True)
STOCK = as_variant("stock", "# PostgreSQL 15 as it comes.\n")


def a_base(phase="2-B", **changes):
    trial = a_trial(1, phase, **changes)
    return replace(trial, parameters=as_driven(trial.driver, trial.parameters))


def asked(blocks, *phases):
    trials = []
    for block in range(1, blocks + 1):
        for phase in phases:
            trials.append(replace(a_base(phase), number=len(trials) + 1, block=block))
    return a_plan(*trials)


def without(base, place=HERE, variant=STOCK):
    """By constraint, the experiment that takes it away."""
    found = {}
    for each in experiments(base, variant, place):
        found |= dict.fromkeys(each.trial.without.constraints, each)
    return found


def test_each_experiment_differs_in_what_takes_its_constraint_away_alone():
    base = a_base("2-B")
    found = without(base)
    assert found["client-cpu"].trial.parameters == replace(
        base.parameters, processes=2, in_flight=25, pool_min=5, pool_max=25
    )
    assert found["barrier"].trial.parameters == replace(base.parameters, load="closed")
    assert found["reset-query"].trial.parameters == replace(base.parameters, reset="none")
    assert found["index"].trial.layout == "no-index"
    assert found["network"].trial.transport == "socket"
    for name, each in found.items():
        assert each.trial.without.base == base.number, name
        assert each.trial != base, name


def test_settings_stand_on_top_of_the_variants_own_and_have_a_name_of_their_own():
    variant = as_variant("mine", "work_mem = 8MB\n")
    found = without(a_base(variant="mine"), variant=variant)["wal-flush"]
    assert found.trial.variant == found.variant.name == "mine-without-wal-flush"
    assert texts(found.variant) == {"work_mem": "8MB", "synchronous_commit": "off"}


def test_triggers_and_foreign_keys_of_a_users_layout_are_switched_off_for_all_that_they_may_do():
    found = without(a_base(layout="mine"))
    assert found["locks"] is found["server-cpu"]
    assert texts(found["locks"].variant) == {"session_replication_role": "replica"}
    assert without(a_base())["locks"].trial.layout == "hash-partitioned"
    for layout in ("plain", "unlogged"):
        assert "server-cpu" not in without(a_base(layout=layout))
    assert not {"locks", "server-cpu"} & without(a_base(layout="mine"), Place(managed=False)).keys()


def test_what_a_variant_has_taken_away_already_is_no_experiment():
    assert "wal-flush" not in without(a_base(), variant=as_variant("stock", "synchronous_commit = off\n"))


def test_a_server_that_the_user_brings_is_left_as_it_is():
    found = without(a_base(), Place(managed=False))
    assert {"client-cpu", "barrier", "reset-query", "index", "locks"} <= found.keys()
    for each in found.values():
        assert (each.variant, each.trial.transport) == (STOCK, "tcp")


def test_on_a_server_that_the_user_brings_commits_are_less_durable_only_where_that_is_asked_for_by_name():
    unnamed = planned_on_theirs()
    assert not {"wal-flush", "wal-write"} & taken_away(unnamed)
    assert [variant.name for variant in unnamed.variants] == [AS_FOUND]
    # What is measured beyond another is compared with a trial without that one.
    named = planned_on_theirs("wal-write")
    assert taken_away(named) == {"wal-flush", "wal-write"}
    _, changed = named.variants
    assert texts(changed) == OF_SESSIONS
    assert taken_away(planned_on_theirs("wal-flush", "checkpoints", "autovacuum")) == {"wal-flush"}
    with pytest.raises(UsageError, match="Nothing takes checkpoints away"):
        planned_on_theirs("checkpoints")


def taken_away(plan):
    return {name for trial in plan.trials if trial.without for name in trial.without.constraints}


def test_one_commit_at_a_time_has_more_in_flight_by_more_processes():
    found = without(a_base("1-B"))
    assert found["round-trips"].trial.parameters.processes == 8
    assert found["client-cpu"].trial.driver == "pgbench"
    assert "client-cpu" not in without(a_base("1-B"), Place(managed=False))
    assert "client-cpu" not in without(a_base("1-B", driver="psycopg"))
    assert "client-cpu" not in without(a_base("2"))
    assert "pool" not in found
    assert without(a_base("1"))["connecting"].trial.phase == "1-B"


def test_what_two_constraints_ask_for_alike_is_one_trial():
    both = without(a_base("2-B"))["client-cpu"].trial.without
    assert set(both.constraints) == {"client-cpu", "event-loop"}


@pytest.mark.parametrize("phase", [name for name, phase in ladder().items() if phase.engine is None])
def test_every_rung_has_experiments_and_its_plan_can_be_carried_out(phase):
    plan = with_experiments(asked(3, phase), HERE)
    check_plan(plan, ladder())
    first = [trial for trial in plan.trials if trial.block == 1]
    base, *others = first
    assert (base.without, base.alone_of) == (None, None)
    assert {(trial.alone_of, trial.parameters.in_flight, trial.parameters.processes) for trial in others} == {(1, 1, 1)}
    without = {name for trial in others if trial.without for name in trial.without.constraints}
    assert {"index", "wal-flush", "wal-write"} <= without
    # Of one commit alone more processes, or a larger pool, are nothing.
    assert not without & {"pool", "round-trips"}
    assert ("client-cpu" in without) == (phase in ("1", "1-B"))
    assert [trial.number for trial in plan.trials] == list(range(1, len(plan.trials) + 1))
    # Of one commit at a time as it was asked for there are three, the rung's own counted where it is such a one.
    as_asked = [at for at, trial in enumerate(first) if not trial.without]
    assert len(as_asked) == (3 if base.parameters.workers == 1 else 4)
    assert as_asked[-1] == len(first) - 1
    later = [{(trial.without, trial.phase, trial.variant) for trial in plan.trials if trial.block == n} for n in (2, 3)]
    assert later[0] == later[1]
    assert len(later[0]) > 5


def test_the_plan_as_it_was_asked_has_neither_experiments_nor_their_variants():
    plan = asked(3, "2-B", "1-B")
    found = with_experiments(plan, HERE)
    asked_for = found.as_asked()
    assert [(trial.phase, trial.block) for trial in asked_for.trials if trial.block == 1] == [("2-B", 1), ("1-B", 1)]
    assert asked_for.variants == plan.variants
    assert len(asked_for.trials) == len(plan.trials)


def test_too_few_blocks_or_several_versions_are_refused_with_what_would_do():
    with pytest.raises(UsageError, match="3 blocks or more"):
        with_experiments(asked(2, "2-B"), HERE)
    plan = asked(3, "2-B")
    several = replace(plan, variants=tuple(replace(STOCK, version=version) for version in ("15", "17")))
    with pytest.raises(UsageError, match="one version"):
        with_experiments(several, HERE)


def test_an_experiment_of_nothing_or_in_the_first_block_is_refused():
    plan = with_experiments(asked(3, "2-B"), HERE)
    *others, last = plan.trials
    strays = (
        replace(last, without=Without(constraints=("index",), base=999)),
        replace(last, without=Without(constraints=(), base=1)),
        replace(last, without=Without(constraints=("index",), base=1), block=1),
        replace(last, without=Without(constraints=("index",), base=1), block=2, alone_of=1),
        replace(last, without=None, block=1, alone_of=2),
    )
    for stray in strays:
        with pytest.raises(DataError, match="experiment of no trial"):
            check_consistent(replace(plan, trials=(*others, stray)))


# --- suspects ---------------------------------------------------------------------------------------------------------


def test_what_the_first_block_shows_nothing_of_is_not_tried_and_what_is_not_known_is():
    plan = with_experiments(asked(3, "2-B"), HERE)
    record = a_record(1, "2-B")
    record = replace(record, trial=plan.trials[0], client_time=replace(record.client_time, release_s=0.0))
    suspects = suspects_of(plan, [record], Processors(there=4, usable=4))
    by_name = {each.constraint: each for each in suspects.suspects}
    assert by_name["reset-query"].share == 0
    assert not by_name["reset-query"].tested
    assert (by_name["index"].share, by_name["index"].tested) == (None, True)
    of_reset = [trial for trial in plan.trials if trial.without and "reset-query" in trial.without.constraints]
    of_index = [trial for trial in plan.trials if trial.without and "index" in trial.without.constraints]
    assert all(left_out(trial, suspects) for trial in of_reset)
    assert not any(left_out(trial, suspects) for trial in of_index)
    assert not any(left_out(trial, None) for trial in plan.trials)


def test_a_first_trial_that_does_not_count_predicts_nothing_and_leaves_nothing_out():
    plan = with_experiments(asked(3, "2-B"), HERE)
    suspects = suspects_of(plan, [], Processors(there=4, usable=4))
    assert {each.predicted_gain for each in suspects.suspects} == {None}
    assert not any(left_out(trial, suspects) for trial in plan.trials)


def test_each_constraint_has_words_and_says_why_it_can_not_be_taken_away_or_what_is_changed():
    for name, constraint in constraints().items():
        assert constraint.words, name
        removal = constraint.removal(a_base("2-B"), HERE)
        assert removal is None or isinstance(removal, str) or removal.words, name


def test_more_client_processes_have_as_many_commits_in_flight_and_no_more_connections():
    for phase, processes, each in (("2-B", 2, 25), ("2-C", 5, 1), ("2-H", 8, 1)):
        base = a_base(phase)
        found = without(base)["client-cpu"].trial.parameters
        assert (found.processes, found.in_flight) == (processes, each)
        assert found.processes * found.pool_max <= base.parameters.processes * base.parameters.pool_max
    of_one = a_base("2-B", parameters=replace(ladder()["2-B"].parameters, pool_min=1, pool_max=1))
    assert "client-cpu" not in without(of_one)


def test_on_client_boxes_each_experiment_has_its_clients_there_and_none_is_beside_them():
    plan = planned_on_client_boxes(blocks=3)
    check_plan(plan, ladder())
    assert {(trial.engine, trial.twin_of, trial.alone_of) for trial in plan.trials} == {(None, None, None)}
    assert {(trial.transport, trial.parameters.client_boxes) for trial in plan.trials} == {("tls", 1)}
    tried = {name for trial in plan.trials if trial.without for name in trial.without.constraints}
    assert {"client-cpu", "wal-flush", "index", "reset-query"} <= tried
    assert not {"tls", "network"} & tried
    away, here = plan.trials[0], a_base("2-B", transport="tls")
    assert removal_of("tls", away, HERE) == "it is not taken away from clients on client boxes"
    assert removal_of("tls", here, HERE).transport == "tcp"
