"""What a rung spent: cores, and the clients' time."""

import pytest

from bench.analysis.utilisation import OUTSIDE, client_time, cores
from bench.model.fingerprint import Processors, Unreadable, processors, processors_there
from bench.model.record import ClientTime, Cpu
from tests.builders import a_host, a_record, void


def busy(host_pct, client, server):
    return a_record(cpu=Cpu(host_pct=host_pct, steal_pct=0, client_cores=client, server_cores=server))


def time(**parts):
    nothing = dict.fromkeys(("prepare_s", "connect_s", "pool_wait_s", "insert_s", "release_s"), 0.0)
    return ClientTime(**nothing | parts)


def test_what_neither_client_nor_server_spent_was_spent_elsewhere():
    spent = cores([busy(75, 1.0, 1.5)], cpus=4)
    assert (spent.client, spent.server, spent.elsewhere) == (1.0, 1.5, 0.5)


def test_readings_of_different_moments_never_make_less_than_nothing():
    assert cores([busy(50, 1.0, 1.5)], cpus=4).elsewhere == 0


@pytest.mark.parametrize(("cpus", "server"), [(None, 1.0), (4, None)])
def test_what_can_not_be_told_is_none(cpus, server):
    assert cores([busy(75, 1.0, server)], cpus).elsewhere is None


def test_void_trials_spent_nothing():
    spent = cores([a_record(**void())], cpus=4)
    assert (spent.client, spent.server, spent.elsewhere) == (None, None, None)
    assert client_time([a_record(**void())]) == {}


def test_shares_are_of_the_time_of_all_workers():
    shares = client_time([a_record(processes=2, in_flight=5, seconds=2, client_time=time(insert_s=10, release_s=5))])
    assert (shares["insert"], shares["release"], shares[OUTSIDE]) == (0.5, 0.25, 0.25)


def test_shares_add_up_to_one_also_where_commits_reach_into_the_window_from_before():
    shares = client_time([a_record(processes=1, in_flight=1, seconds=2, client_time=time(insert_s=3, connect_s=1))])
    assert (shares["insert"], shares["connect"], shares[OUTSIDE]) == (0.75, 0.25, 0)


def test_processors_are_those_of_the_fingerprint():
    assert (processors(a_host()), processors_there(a_host())) == (Processors(there=4, usable=4), 4)
    for unknown in (a_host(cpu={}), None):
        assert (processors(unknown), processors_there(unknown)) == (None, None)


@pytest.mark.parametrize(
    ("left", "usable"),
    [
        ({"usable_cpus": 3}, 3),
        ({"usable_cpus": 2, "quota_cores": 1.5}, 1.5),
        ({"usable_cpus": 4, "quota_cores": "none"}, 4),
        # A quota of more than there is takes nothing away.
        ({"quota_cores": 8}, 4),
        ({"usable_cpus": Unreadable(unreadable="no /proc")}, 4),
        # Where the server may use other than we: who may use more.
        ({"usable_cpus": 1, "server_usable_cpus": 4, "server_quota_cores": "none"}, 4),
        ({"usable_cpus": 4, "quota_cores": "none", "server_usable_cpus": 1, "server_quota_cores": 0.5}, 4),
        ({"usable_cpus": 2, "server_usable_cpus": 3}, 3),
        ({"usable_cpus": 1, "quota_cores": 0.4, "server_usable_cpus": 1, "server_quota_cores": 0.4}, 0.4),
        ({"usable_cpus": 2, "server": Unreadable(unreadable="not seen")}, 2),
    ],
)
def test_a_quota_or_a_set_leaves_some_of_them_and_a_quota_also_a_part_of_one(left, usable):
    assert processors(a_host(cpu={"logical_cpus": 4, **left})) == Processors(there=4, usable=usable)
