"""A standby that falls behind makes its trial suspect: its rate is of a primary that it does not keep up with."""

import pytest

from bench.model.plan import Parameters
from bench.validity.judge import state_of
from bench.validity.replica import check_level, check_replication

FOLLOWED = Parameters(replica="async")


def told(behind, written=2e6, parameters=FOLLOWED, seconds=2.0):
    observed = {"replication": {"lag_bytes_end": behind}}
    return list(check_replication(parameters, observed, {"wal_position": written}, seconds))


@pytest.mark.parametrize(("behind", "codes"), [(0.0, []), (500_000, []), (501_000, ["standby-behind"])])
def test_more_than_half_a_second_of_what_is_written_is_behind(behind, codes):
    reasons = told(behind)
    assert [reason.code for reason in reasons] == codes
    assert state_of(reasons) == ("suspect" if codes else "valid")


def test_the_sentence_says_how_much_that_is():
    [reason] = told(1_500_000)
    assert reason.detail.startswith("at the end of the window the standby was 1.5 MB behind, which the server wrote in")
    assert "1.5 s" in reason.detail
    assert reason.share == 0.75


@pytest.mark.parametrize(("behind", "written"), [(None, 2e6), (10.0, None), (10.0, 0)])
def test_what_is_not_known_is_a_slight_doubt(behind, written):
    reasons = told(behind, written)
    assert [reason.code for reason in reasons] == ["standby-lag-unknown"]
    assert state_of(reasons) == "valid"


def test_where_there_is_no_standby_or_no_window_nothing_is_said():
    assert told(None, parameters=Parameters()) == []
    assert told(9e9, seconds=0.0) == []


@pytest.mark.parametrize(
    ("level", "of_clients", "codes"),
    [
        ("on", ["on", "on"], []),
        ("on", ["on", "local"], ["level-not-kept"]),
        ("remote_apply", ["on"], ["level-not-kept"]),
        ("local", ["local"], []),
        ("async", ["off"], []),
        ("none", ["off"], []),
    ],
)
def test_clients_that_commit_at_another_level_measure_nothing(level, of_clients, codes):
    reasons = list(check_level(Parameters(replica=level).commit_level, of_clients))
    assert [reason.code for reason in reasons] == codes
    assert state_of(reasons) == ("void" if codes else "valid")


def test_clients_that_wait_for_flushes_which_they_were_not_to_wait_for_measure_nothing():
    assert list(check_level("off", ["off", "off"])) == []
    [reason] = check_level("off", ["off", "on"])
    assert reason.detail == "clients' sessions had synchronous_commit = on, where off was asked for"
