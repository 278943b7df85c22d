"""A terminal that hangs up under a run: it ends as on SIGTERM; under nohup it goes on."""

import fcntl
import os
import signal
import subprocess
import termios
from collections.abc import Callable

import pytest

from bench.store.run_directory import RunDirectory
from tests.examples import one_of
from tests.integration.support import (
    PATIENCE_S,
    PGLADDER,
    assert_nothing_left,
    clients_of,
    climbing,
    pgladder,
    wait_for,
)

LONG = ("--phases", "1-B", "--warm-up", "0.2", "--window", "30", "--blocks", "2")
BRIEF = ("--phases", "1-B", "--warm-up", "0.2", "--window", "2", "--blocks", "1")


def codes(directory: RunDirectory) -> list[set[str]]:
    """Return the codes of each record's reasons."""
    return [{reason.code for reason in record.validity.reasons} for record in directory.records()]


def in_a_terminal(*command: object, cwd) -> tuple[subprocess.Popen[bytes], Callable[[], None]]:
    """Start a command that leads the session of a terminal; return it and what makes the terminal hang up."""
    ours, its = os.openpty()

    def take_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [*map(str, command)],
        cwd=cwd,
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        preexec_fn=take_terminal,  # noqa: PLW1509 - this process has one thread
    )
    os.close(its)
    return process, lambda: os.close(ours)


@pytest.mark.parametrize("verb", one_of("run", "noise"))
def test_a_terminal_that_hangs_up_ends_a_run_which_is_recorded_and_leaves_nothing(place, verb):
    directory = RunDirectory(place / "out")
    asked = [PGLADDER, verb, *LONG, "--data-dir", place / "data", "--out", directory.path]
    process, hang_up = in_a_terminal(*asked, cwd=place)
    try:
        wait_for(lambda: clients_of(process.pid), "clients write")
        hang_up()
        process.wait(PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    assert codes(directory) == [{"interrupted"}]
    assert_nothing_left(place)
    assert not (place / "data").exists()


def test_a_hang_up_leaves_no_schema_on_the_users_server(place, theirs):
    before = theirs.dump()
    environment = {"PGPASSWORD": theirs.password}
    with climbing(place, *LONG, "--dsn", theirs.dsn(), env=environment) as climb:
        climb.wait_trial(1)
        theirs.wait_inserting()
        climb.process.send_signal(signal.SIGHUP)
        assert climb.end().code == 1
    assert codes(climb.directory) == [{"interrupted"}]
    assert theirs.dump() == before


def test_under_nohup_a_run_goes_on_to_its_end(place):
    with climbing(place, *BRIEF, prefix=["nohup"]) as climb:
        climb.wait_trial(1)
        for _ in range(2):
            climb.process.send_signal(signal.SIGHUP)
        assert climb.end().code == 0
    assert "interrupted" not in codes(climb.directory)[0]
    shown = pgladder("ladder", climb.directory.path, cwd=place)
    assert (shown.code, shown.err) == (0, "")
