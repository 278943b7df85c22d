"""What a rung is stopped by, as far as its trials show it: a suspect where there is one, else unexplained."""

import pytest

from bench.analysis.limits import Limit, stopped_by
from bench.model.fingerprint import Processors
from bench.model.record import ClientTime, Cpu
from tests.builders import a_record

CPUS = Processors(there=4, usable=4)
NO_TIME = {"prepare_s": 0.0, "connect_s": 0.0, "pool_wait_s": 0.0, "insert_s": 0.0, "release_s": 0.0}


def a_trial(phase, *, client=0.2, server=0.3, host=None, flushing_s=0.0, number=1, **spent):
    """Of a window of 2 s, by default with nobody else there."""
    host = (client + server) / CPUS.there if host is None else host
    return a_record(
        number,
        phase,
        client_time=ClientTime(**NO_TIME | spent),
        cpu=Cpu(host_pct=100 * host, steal_pct=0, client_cores=client, server_cores=server),
        counters={"wal_sync_time": flushing_s * 1000},
    )


def suspect(*trials):
    return stopped_by(trials, CPUS)


@pytest.mark.parametrize(
    ("trial", "constraint", "share"),
    [
        (a_trial("1", connect_s=1.4, insert_s=0.6), "connecting", 0.7),
        (a_trial("1-B", insert_s=2.0, flushing_s=1.2), "wal-flush", 0.6),
        (a_trial("2", insert_s=1.0, release_s=1.0), "reset-query", 0.5),
        (a_trial("1-B", insert_s=2.0, client=0.7, server=0.2), "client-cpu", 0.7),
        (a_trial("1-B", insert_s=2.0, client=0.1), "round-trips", 0.6),
        (a_trial("1-B", insert_s=2.0, client=0.1, server=0.7), "server-cpu", 0.7),
    ],
)
def test_of_one_commit_in_flight_who_has_most_of_its_time_is_suspected(trial, constraint, share):
    found = suspect(trial)
    assert (found.constraint, found.proved) == (constraint, False)
    assert found.share == pytest.approx(share)


@pytest.mark.parametrize(
    ("trial", "constraint", "share"),
    [
        (a_trial("2-C", insert_s=10.0, flushing_s=1.48), "wal-flush", 0.74),
        (a_trial("2-G", insert_s=10.0, client=0.9, server=2.8, flushing_s=0.6), "server-cpu", 0.925),
        (a_trial("2-B", insert_s=10.0, client=0.97), "client-cpu", 0.97),
        (a_trial("2-C", insert_s=20.0, pool_wait_s=80.0), "pool", 0.8),
        (a_trial("2-C", insert_s=10.0, host=0.96), "other-programs", 0.96),
        (a_trial("2-C", insert_s=10.0, flushing_s=0.6), "unexplained", 0.7),
    ],
)
def test_of_several_in_flight_what_has_nothing_left_to_give_is_suspected(trial, constraint, share):
    found = suspect(trial)
    assert found.constraint == constraint
    assert found.share == pytest.approx(share)


def test_a_core_is_a_clients_own_so_two_that_share_the_work_are_not_at_its_end():
    trial = a_trial("2-H", insert_s=16.0, client=1.0)
    assert trial.trial.parameters.processes == 4
    assert suspect(trial).constraint == "unexplained"


def test_one_odd_trial_moves_a_rungs_suspect_little():
    usual = [a_trial("2-C", insert_s=10.0, flushing_s=1.48, number=number) for number in (1, 2)]
    odd = a_trial("2-C", insert_s=10.0, host=0.99, number=3)
    assert suspect(*usual, odd).constraint == "wal-flush"


def test_what_was_not_observed_is_not_guessed():
    unseen = a_record(
        1, "2-C", cpu=Cpu(host_pct=None, steal_pct=None, client_cores=None, server_cores=None), counters={}
    )
    assert stopped_by([unseen], None).constraint == "unexplained"
    assert stopped_by([], CPUS) is None
    # Without the number of processors nobody knows what part of them is busy.
    busy = a_trial("2-G", insert_s=10.0, client=0.5, server=3.4)
    assert stopped_by([busy], None) == Limit(constraint="unexplained", share=pytest.approx(0.5))
