"""What follows from experiments: a limit, what contributes, what is cleared, and what neither shows."""

from dataclasses import replace

import pytest

from bench.model.record import Cpu
from bench.plan.suspects import suspects_of
from tests.experiments import (
    BLOCKS,
    CPUS,
    a_run,
    explained,
    planned,
    planned_on_client_boxes,
    planned_on_theirs,
    waiting,
)


def by_name(found):
    return {each.name: each for each in found.constraints}


def test_what_a_rung_is_faster_without_is_its_limit_and_the_answer():
    plan = planned()
    found = explained(plan, a_run(plan, {"reset-query": 1.4}))
    limit = found.constraints[0]
    assert (limit.name, limit.conclusion, limit.blocks) == ("reset-query", "limit", BLOCKS - 1)
    assert limit.measured_gain.low < 1.4 < limit.measured_gain.high
    assert found.verdict == "limited"
    assert found.sentence.startswith("2-B is limited by the pool's reset query: without the pool's reset query +")
    assert found.complete


def test_of_two_that_gain_the_larger_is_the_limit_and_the_other_contributes():
    plan = planned()
    found = by_name(explained(plan, a_run(plan, {"reset-query": 1.2, "barrier": 1.6})))
    assert (found["barrier"].conclusion, found["reset-query"].conclusion) == ("limit", "contributes")
    assert "barrier gains more" in found["reset-query"].why


def test_what_was_taken_away_for_nothing_is_cleared_where_the_trials_prove_that_it_was():
    plan = planned()
    found = by_name(explained(plan, a_run(plan, {})))
    assert found["wal-flush"].conclusion == "cleared"
    # The same waits are still there in the trials without locks: nothing is cleared by a removal that did nothing.
    records = a_run(plan, {}, observed=waiting(wal_flush=5.0, extend=30.0))
    assert by_name(explained(plan, records))["locks"].conclusion == "undecided"
    assert "still there" in by_name(explained(plan, records))["locks"].why


def test_where_nobody_sampled_waits_a_flush_is_never_cleared():
    plan = planned()
    found = by_name(explained(plan, a_run(plan, {}, observed={})))
    assert found["wal-flush"].conclusion == "undecided"
    assert "could not be observed" in found["wal-flush"].why


def test_what_is_too_noisy_to_tell_is_undecided_and_a_removal_that_costs_is_no_clearing():
    plan = planned()
    noisy = by_name(explained(plan, a_run(plan, {"reset-query": 1.1}, noise=0.2)))
    assert noisy["reset-query"].conclusion == "undecided"
    slower = by_name(explained(plan, a_run(plan, {"index": 0.8})))["index"]
    assert slower.conclusion == "undecided"
    assert "slower without it" in slower.why


def test_of_a_client_whose_core_is_busy_and_an_idle_loop_one_experiment_convicts_the_one_with_more_to_show():
    plan = planned()
    busy = Cpu(host_pct=40, steal_pct=0, client_cores=0.97, server_cores=0.5)
    found = by_name(explained(plan, a_run(plan, {"client-cpu": 1.6}, cpu=busy)))
    assert found["client-cpu"].conclusion == "limit"
    assert "event-loop" not in found or found["event-loop"].conclusion == "untested"


def test_more_processes_that_get_more_of_shared_processors_convict_no_client():
    plan = planned()
    crowded = Cpu(host_pct=100, steal_pct=0, client_cores=0.3, server_cores=0.4)
    found = explained(plan, a_run(plan, {"client-cpu": 1.6}, cpu=crowded))
    of_client = by_name(found)["client-cpu"]
    assert (of_client.conclusion, "other-programs" in of_client.why) == ("untested", True)
    assert found.rungs[0].stopped_by.constraint == "other-programs"


def test_predictions_are_those_that_were_written_down_before():
    plan = planned()
    records = a_run(plan, {"reset-query": 1.4})
    suspects = suspects_of(plan, [record for record in records if record.trial.block == 1], CPUS)
    written = {each.constraint: each.predicted_gain for each in suspects.suspects}
    found = explained(plan, records)
    for each in found.constraints:
        assert each.predicted_gain == written.get(each.name)
    assert written["reset-query"] is not None


def test_an_experiment_without_its_record_makes_the_answer_incomplete():
    plan = planned()
    records = a_run(plan, {})
    assert not explained(plan, records[:-1]).complete


def test_what_nothing_can_take_away_is_untested_never_cleared():
    plan = planned()
    busy = Cpu(host_pct=97, steal_pct=0, client_cores=0.9, server_cores=2.9)
    found = by_name(explained(plan, a_run(plan, {}, cpu=busy)))
    assert found["server-cpu"].conclusion == "untested"
    assert found["server-cpu"].measured_gain is None


def test_of_a_users_server_it_says_by_which_name_less_durable_commits_are_asked_for():
    plan = planned_on_theirs()
    found = by_name(explained(plan, a_run(plan, {})))
    assert (found["wal-flush"].conclusion, found["wal-flush"].how) == ("untested", None)
    assert found["wal-flush"].why.endswith("unless you ask for it by name (--constraints wal-flush)")


def test_of_clients_on_client_boxes_what_is_taken_away_there_tells_and_nothing_is_predicted():
    plan = planned_on_client_boxes()
    found = explained(plan, a_run(plan, {"wal-flush": 1.5}))
    limit = found.constraints[0]
    assert (limit.name, limit.conclusion, limit.predicted_gain) == ("wal-flush", "limit", None)
    assert (found.verdict, found.complete) == ("limited", True)
    assert {each.conclusion for each in found.constraints if each.name in ("tls", "network")} <= {"untested"}
    assert found.rungs[0].bound_by.verdict == "unknown"
    assert "its clients run on client boxes" in found.rungs[0].bound_by.why


def test_what_of_durability_an_experiment_changed_stands_in_the_answer():
    plan = planned_on_theirs("wal-flush")
    records = [with_grade(record, "may lose last 600 ms") for record in a_run(plan, {"wal-flush": 1.6})]
    found = explained(plan, records)
    flush = by_name(found)["wal-flush"]
    assert (flush.conclusion, flush.how) == ("limit", "with synchronous_commit=off (durable → may lose last 600 ms)")
    assert flush.how in found.sentence
    # Nothing was durable that could become less so.
    alike = [replace(record, durability="not crash-safe") for record in records]
    assert by_name(explained(plan, alike))["wal-flush"].how == "with synchronous_commit=off"


def with_grade(record, word):
    """The record, of a trial without a constraint graded so."""
    return replace(record, durability=word) if record.trial.without else record


@pytest.mark.parametrize("gain", [1.0, 1.04])
def test_of_many_innocent_runs_none_has_a_limit(gain):
    plan = planned(blocks=5)
    for seed in range(60):
        found = explained(
            plan, a_run(plan, dict.fromkeys(("reset-query", "index", "locks"), gain), seed=seed, noise=0.1)
        )
        convicted = [each.name for each in found.constraints if each.conclusion in ("limit", "contributes")]
        assert convicted == [], seed


def test_parts_of_the_workers_time_are_told_and_what_nothing_explains_is_one_of_them():
    plan = planned()
    found = explained(plan, a_run(plan, {}, observed=waiting(wal_flush=10.0, running=5.0)))
    assert found.budget["unexplained"] > 0
    assert sum(found.budget.values()) == pytest.approx(1.0)
    assert found.budget["wal-flush"] > found.budget["server-cpu"] + found.budget["run-queue"] > 0
    assert "unexplained" in found.sentence
