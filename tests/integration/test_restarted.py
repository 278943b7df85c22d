"""A server that is restarted under a trial, or goes down with its machine: that trial is run again."""

import pytest

from bench.store.run_directory import RunDirectory
from tests.integration.support import Theirs, climbing

ASKED = ("--phases", "1-B", "--warm-up", "0.2", "--window", "2", "--blocks", "2")


@pytest.fixture(scope="module")
def server(new_place):
    """Somebody's server, which the tests may stop."""
    theirs = Theirs(new_place())
    yield theirs
    theirs.control("stop")


def attempts(directory: RunDirectory) -> list[tuple[int, int, bool]]:
    """Return of each record the trial, its attempt, and whether it is void."""
    return [(each.trial.number, each.attempt, each.validity.state == "void") for each in directory.records()]


def codes(directory: RunDirectory, number: int) -> set[str]:
    """Return the codes of a record's reasons."""
    return {reason.code for reason in directory.records()[number].validity.reasons}


def test_a_trial_under_which_somebody_restarts_the_server_is_run_again_at_once(place, server):
    with climbing(place, *ASKED, "--dsn", server.dsn(), env={"PGPASSWORD": server.password}) as climb:
        climb.wait_trial(1)
        server.wait_inserting()
        server.control("restart")
        ended = climb.end()
    assert "server-restarted" in codes(climb.directory, 0)
    assert attempts(climb.directory) == [(1, 1, True), (1, 2, False), (2, 1, False)]
    assert (ended.code, ended.err) == (0, "")
    assert "Cut short and run again: trial 1" in " ".join(ended.out.split())


def test_a_trial_whose_server_goes_down_just_before_the_run_is_told_to_stop_is_left_to_be_run_again(place, server):
    environment = {"PGPASSWORD": server.password}
    with climbing(place, *ASKED, "--dsn", server.dsn(), env=environment) as climb:
        climb.wait_trial(1)
        server.wait_inserting()
        server.control("stop")
        climb.wait_for(lambda: not climb.clients(), "clients have ended")
        climb.process.terminate()
        climb.end()
    assert "interrupted" in codes(climb.directory, 0)
    server.control("start")
    with climbing(place, "--resume", climb.directory.path, "--dsn", server.dsn(), env=environment) as climb:
        assert climb.end().code == 0
    assert attempts(climb.directory) == [(1, 1, True), (1, 2, False), (2, 1, False)]
