"""Clients or a server that stand still for a while: what the trial says of it, and that nothing is said otherwise."""

from collections.abc import Callable
from pathlib import Path
from time import sleep

import psutil
import pytest

from bench.model.record import Record
from tests.examples import one_of
from tests.integration.support import Climb, Meddler, climbing, meddling, stopped

WINDOW_S, STILL_S = 3, 0.5
LONGER_S = 1.0
"""In Phase 1 a commit may take 50 ms on a busy machine, which half a second is not far beyond."""
ASKED = ("--warm-up", 0.5, "--window", WINDOW_S, "--blocks", 1)


def measured(place: Path, phase: str, who: Callable[[Climb, Meddler], list[psutil.Process]], *more: object) -> Record:
    """Run one trial, in the window of which some processes stand still for a while."""
    still_s = LONGER_S if phase == "1" else STILL_S
    with climbing(place, "--phases", phase, *ASKED, *more) as climb:
        climb.wait_trial(1)
        with meddling(climb) as meddler:
            meddler.wait_window()
            sleep(0.3)
            with stopped(who(climb, meddler)):
                sleep(still_s)
            climb.end()
        [record] = climb.records()
    return record


@pytest.mark.parametrize("phase", one_of("1-B", "1", "2-B"))
def test_clients_that_stood_still_make_a_trial_suspect(place, phase):
    record = measured(place, phase, lambda climb, _: climb.clients())
    stalled(record)


@pytest.mark.parametrize("phase", one_of("2-C", "1"))
def test_so_does_a_server_that_stood_still(place, phase):
    record = measured(place, phase, lambda _, meddler: meddler.server())
    stalled(record)


def test_so_do_several_clients_at_once(place):
    record = measured(place, "2", lambda climb, _: climb.clients(), "--processes", 3)
    stalled(record)


@pytest.mark.parametrize(("phase", "processes"), one_of(("2", 2), ("1-B", 2)))
def test_so_does_one_client_while_the_others_go_on_by_its_part_of_all_clients_time(place, phase, processes):
    record = measured(place, phase, lambda climb, _: climb.clients()[:1], "--processes", processes)
    assert record.longest_gap_s < STILL_S
    [reason] = [reason for reason in record.validity.reasons if reason.code == "clients-stalled"]
    assert record.validity.state == "suspect"
    # On a busy machine others may have had pauses of their own besides.
    assert f" of {processes} client processes had nothing acknowledged for " in reason.detail
    assert STILL_S / WINDOW_S * 0.6 < reason.share * processes < 1  # less what the others paused meanwhile


@pytest.mark.parametrize("phase", one_of("2-C", "1", "2"))
def test_clients_of_which_none_stands_still_are_not_doubted(new_place, phase):
    # In memory: beside other tests a disk stands still now and then, and that is doubted rightly.
    with climbing(new_place("/dev/shm"), "--phases", phase, *ASKED, "--processes", 2) as climb:
        climb.end()
        [record] = climb.records()
    assert not {"stalled", "clients-stalled"} & {reason.code for reason in record.validity.reasons}


def test_a_server_that_stops_all_of_several_clients_is_no_doubt_about_one_of_them(place):
    record = measured(place, "2", lambda _, meddler: meddler.server(), "--processes", 2)
    stalled(record)
    assert "clients-stalled" not in {reason.code for reason in record.validity.reasons}


def stalled(record: Record) -> None:
    """See that a record says so, with the right size."""
    [reason] = [reason for reason in record.validity.reasons if reason.code == "stalled"]
    assert record.validity.state == "suspect"
    assert STILL_S <= record.longest_gap_s < WINDOW_S
    assert reason.share == pytest.approx(record.longest_gap_s / WINDOW_S)
    assert reason.detail.startswith(f"nothing was acknowledged for {record.longest_gap_s:.2f} s, ")
