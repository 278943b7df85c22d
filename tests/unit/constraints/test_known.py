"""What each constraint reads of a trial, and what is left of it where it was taken away."""

from dataclasses import replace

import pytest

from bench.analysis.limits import stopped_by
from bench.constraints.constraint import Place, Removal, constraints
from bench.constraints.evidence import stood_still, under_way, work_of
from bench.constraints.work import Work, rate
from bench.model.fingerprint import Processors
from bench.model.record import ClientTime, Cpu, InFlight
from bench.plan.suspects import predicted_gain
from bench.workload.driver import as_driven
from tests.builders import a_record, a_trial, changed

CPUS = Processors(there=4, usable=4)
IDLE = Cpu(host_pct=30, steal_pct=0, client_cores=0.4, server_cores=0.8)
NO_WAITS = dict.fromkeys(
    ("wal_flush", "wal_write", "lock", "extend", "lwlock", "data_io", "client_write", "running"), 0.0
)


def seen(phase="2-B", *, waits=None, cpu=IDLE, spent=None, in_flight=40.0, **changes):
    trial = a_trial(1, phase)
    trial = replace(trial, parameters=as_driven(trial.driver, trial.parameters))
    time = {"prepare_s": 1.0, "connect_s": 0.0, "pool_wait_s": 0.0, "insert_s": 79.0, "release_s": 0.0} | (spent or {})
    record = a_record(
        1,
        phase,
        cpu=cpu,
        client_time=ClientTime(**time),
        in_flight_check=InFlight(measured=in_flight, expected=in_flight),
        commits_per_s=1000.0,
        observed={"waits": NO_WAITS | (waits or {})} | changes.pop("observed", {}),
        **changes,
    )
    return replace(record, trial=trial)


def share(name, record):
    return constraints()[name].share(record, CPUS)


@pytest.mark.parametrize(
    ("name", "record", "expected"),
    [
        ("connecting", seen("1", spent={"connect_s": 20.0}, in_flight=1.0), 0.2),
        ("pool", seen(spent={"pool_wait_s": 20.0}), 0.2),
        ("pool", seen("1-B", in_flight=1.0), None),
        ("reset-query", seen(spent={"release_s": 20.0}), 0.2),
        ("barrier", seen(in_flight=40.0), 0.2),
        ("barrier", seen("2-C", in_flight=4.0), 0.0),
        ("wal-flush", seen(waits={"wal_flush": 10.0}), 0.25),
        ("wal-write", seen(waits={"wal_write": 10.0}), 0.25),
        ("locks", seen(waits={"lock": 5.0, "extend": 3.0, "lwlock": 2.0}), 0.25),
        ("data-io", seen(waits={"data_io": 10.0}), 0.25),
        ("network", seen(waits={"client_write": 10.0}), 0.25),
        ("client-cpu", seen(cpu=replace(IDLE, client_cores=0.95)), 0.95),
        ("client-cpu", seen("2-H", cpu=replace(IDLE, client_cores=2.0)), 0.5),
        ("server-cpu", seen(cpu=Cpu(host_pct=96, steal_pct=0, client_cores=0.9, server_cores=2.9)), 0.96),
        ("server-cpu", seen("1-B", in_flight=1.0), 0.8),
        ("other-programs", seen(cpu=Cpu(host_pct=96, steal_pct=0, client_cores=0.5, server_cores=0.9)), 0.96),
        ("other-programs", seen(), 0.0),
        ("checkpoints", seen(waits={"checkpointing": 0.4}), 0.4),
        ("autovacuum", seen(observed={"server_cpu": {"autovacuum": 0.4}}), 0.1),
        ("cpu-quota", seen(observed={"quota": {"client_throttled_share": 0.3, "server_throttled_share": 0.0}}), 0.3),
        ("event-loop", seen(observed={"event_loop": {"blocked_share": 0.9}}), 0.5),
        ("round-trips", seen("1-B", in_flight=1.0, cpu=replace(IDLE, client_cores=0.1, server_cores=0.2)), 0.7),
        ("index", seen(), None),
    ],
)
def test_a_constraint_reads_its_share_of_what_was_observed(name, record, expected):
    found = share(name, record)
    assert found == (expected if expected is None else pytest.approx(expected))


# A machine of 2 processors, of which a quota leaves 1.5, and all of these are used.
OF_QUOTA = Processors(there=2, usable=1.5)
UNDER_QUOTA = Cpu(host_pct=78.2, steal_pct=0, client_cores=0.55, server_cores=0.91)


def test_processors_are_busy_where_those_that_may_be_used_are():
    used_up = seen(cpu=UNDER_QUOTA)
    assert constraints()["server-cpu"].share(used_up, OF_QUOTA) == pytest.approx(1.46 / 1.5)
    assert constraints()["server-cpu"].share(used_up, Processors(there=2, usable=2)) == pytest.approx(0.782)
    # On a machine whose others leave nothing, all are busy whatever a quota leaves.
    crowded = seen(cpu=replace(UNDER_QUOTA, host_pct=98.0))
    assert constraints()["server-cpu"].share(crowded, Processors(there=2, usable=1.9)) == pytest.approx(0.98)


def test_where_a_quota_held_clients_or_server_up_it_is_what_is_short_and_not_the_machines_processors():
    held_up = {"client_throttled_share": 0.2, "server_throttled_share": 0.9}
    record = seen(cpu=UNDER_QUOTA, observed={"quota": held_up})
    assert constraints()["server-cpu"].share(record, OF_QUOTA) == pytest.approx(0.782)
    assert constraints()["cpu-quota"].share(record, OF_QUOTA) == pytest.approx(0.9)
    found = stopped_by([record], OF_QUOTA)
    assert (found.constraint, found.share) == ("cpu-quota", 0.9)


def test_of_a_quotas_processors_the_model_knows_no_more_and_autovacuum_takes_its_part():
    record = seen(cpu=UNDER_QUOTA, observed={"server_cpu": {"autovacuum": 0.3}})
    assert work_of(record, OF_QUOTA).cpus == 1.5
    assert constraints()["autovacuum"].share(record, OF_QUOTA) == pytest.approx(0.2)
    # A part of one processor works at its part of the speed.
    half = Work(in_flight=1, in_flight_each=1, processes=1, cpus=0.5, client_s=0, server_s=0.01, waits_s={})
    assert rate(half) == pytest.approx(50, rel=0.01)


def test_a_loop_that_may_have_waited_for_its_quota_was_not_seen_to_block():
    record = seen(cpu=UNDER_QUOTA, observed={"event_loop": {"blocked_share": 0.9}})
    assert stood_still(record, OF_QUOTA) is None
    assert stood_still(record, Processors(there=2, usable=2)) > 0


def test_what_was_not_observed_has_no_share():
    unseen = replace(
        seen(cpu=Cpu(host_pct=None, steal_pct=None, client_cores=None, server_cores=None)), observed={}, counters={}
    )
    for name in ("wal-flush", "wal-write", "locks", "data-io", "client-cpu", "server-cpu", "event-loop", "cpu-quota"):
        assert share(name, unseen) is None, name


def test_a_loop_that_may_have_waited_for_a_processor_was_not_seen_to_block():
    busy = Cpu(host_pct=97, steal_pct=0, client_cores=0.5, server_cores=3.2)
    assert share("event-loop", seen(cpu=busy, observed={"event_loop": {"blocked_share": 0.9}})) is None


def test_where_an_index_was_left_or_more_were_not_under_way_nothing_was_taken_away():
    record = seen("1-B", in_flight=1.0)
    assert constraints()["index"].left_over(record, CPUS) == float(record.start.index_bytes > 0)
    eight = replace(record, trial=replace(record.trial, parameters=replace(record.trial.parameters, processes=8)))
    assert constraints()["round-trips"].left_over(eight, CPUS) == pytest.approx(7 / 8)


def test_the_gain_of_a_part_of_one_commits_time_is_amdahls():
    record = seen("1-B", in_flight=1.0, waits={"wal_flush": 0.5}, cpu=replace(IDLE, client_cores=0.2, server_cores=0.3))
    work = work_of(record, CPUS)
    assert rate(work) == pytest.approx(1000.0, rel=1e-6)
    assert predicted_gain("wal-flush", record, {}, CPUS) == pytest.approx(2.0, rel=1e-6)


def test_what_one_commit_alone_takes_less_without_a_constraint_is_what_it_gains():
    base = seen(cpu=replace(IDLE, host_pct=95, client_cores=0.5, server_cores=3.2), in_flight=50.0)
    one = seen(cpu=replace(IDLE, client_cores=0.25, server_cores=0.25))
    less = seen(cpu=replace(IDLE, client_cores=0.25, server_cores=0.125))
    number = base.trial.number
    assert predicted_gain("index", base, {}, CPUS) is None
    assert predicted_gain("index", base, {(number, None): [one], (number, "index"): [one]}, CPUS) == pytest.approx(1.0)
    halved = {(number, None): [one], (number, "index"): [less]}
    # 3.7 of 4 cores become 2.1: the server's half goes.
    assert predicted_gain("index", base, halved, CPUS) == pytest.approx(3.7 / 2.1, rel=0.05)
    # One that took half as long again is one of three.
    slow = seen(cpu=replace(IDLE, client_cores=0.375, server_cores=0.375))
    of_three = {(number, None): [one, slow, one], (number, "index"): [one]}
    assert predicted_gain("index", base, of_three, CPUS) == pytest.approx(3.5 / 3, rel=0.05)


def test_the_reset_query_is_of_a_commits_work_what_it_is_of_one_commit_alone():
    base = seen(
        cpu=replace(IDLE, host_pct=95, client_cores=0.5, server_cores=3.2), in_flight=50.0, spent={"release_s": 40.0}
    )
    # A fifth of its time flushes, and a fifth of the rest gives the connection back.
    one = seen(spent={"insert_s": 83.0, "release_s": 16.0}, waits={"wal_flush": 0.2}, in_flight=1.0)
    alone = {(base.trial.number, None): [one, one]}
    assert constraints()["reset-query"].of_one(one, CPUS) == pytest.approx(0.2)
    assert predicted_gain("reset-query", base, alone, CPUS) == pytest.approx(1.25, rel=0.02)
    # Where the trial of one commit alone does not tell, nothing does.
    unseen = replace(one, observed={}, counters={})
    assert predicted_gain("reset-query", base, {(base.trial.number, None): [unseen]}, CPUS) is None


def test_of_another_way_of_writing_all_is_measured_alone():
    base = seen("1", in_flight=1.0)
    kept = replace(seen("1-B", in_flight=1.0, cpu=replace(IDLE, client_cores=0.2, server_cores=0.3)), commits_per_s=4e3)
    number = base.trial.number
    gain = predicted_gain("connecting", base, {(number, None): [base], (number, "connecting"): [kept]}, CPUS)
    assert gain == pytest.approx(4.0, rel=0.01)


def test_a_client_at_the_end_of_its_core_is_predicted_to_gain_by_more_and_by_nothing_else():
    record = seen(cpu=replace(IDLE, client_cores=0.97), in_flight=50.0)
    gains = {name: predicted_gain(name, record, {}, CPUS) for name in ("client-cpu", "wal-flush", "locks")}
    assert gains["client-cpu"] > 1.3
    assert gains["wal-flush"] == pytest.approx(1.0, abs=0.01)
    assert gains["locks"] == pytest.approx(1.0, abs=0.01)


def test_what_is_under_way_is_by_littles_law_or_one_where_one_is_at_a_time():
    assert under_way(seen(in_flight=38.5)) == 38.5
    assert under_way(replace(seen("1-B"), in_flight_check=None)) == 1.0


def test_every_removal_is_worded_so_that_a_sentence_can_name_it():
    place = Place(managed=True)
    for name, constraint in constraints().items():
        for phase in ("1", "1-B", "2", "2-B", "2-H"):
            removal = constraint.removal(seen(phase).trial, place)
            if isinstance(removal, Removal):
                assert removal.words.startswith(("with ", "without ", "through ")), name


def test_of_clients_on_client_boxes_nothing_is_concluded_from_processors_that_they_do_not_share():
    busy = Cpu(host_pct=96, steal_pct=0, client_cores=1.9, server_cores=3.8, elsewhere_cores=1.9)
    here, away = seen(cpu=busy), changed(seen(cpu=busy), client_boxes=1)
    assert share("server-cpu", away) == 0.96
    assert share("other-programs", away) == 0.0
    assert work_of(here, CPUS) is not None
    assert work_of(away, CPUS) is None
    held_up = seen(observed={"event_loop": {"blocked_share": 0.9}})
    assert stood_still(held_up, CPUS) > 0
    assert stood_still(changed(held_up, client_boxes=1), CPUS) is None


def test_a_client_that_keeps_its_one_core_busy_is_seen_wherever_it_runs():
    busy = Cpu(host_pct=30, steal_pct=0, client_cores=0.95, server_cores=0.8, elsewhere_cores=0.94)
    assert share("client-cpu", changed(seen(cpu=busy), client_boxes=1)) == 0.95
