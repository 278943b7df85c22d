"""Clients or a server that stand still for a while: what the trial says of it, and that nothing is said otherwise."""

from collections.abc import Callable, Sequence
from pathlib import Path
from time import sleep

import psutil
import pytest

from bench.model.record import Record
from tests.examples import one_of
from tests.integration.support import ONCE, Climb, Meddler, climbing, meddling, stopped

WINDOW_S, STILL_S = 3, 0.5
LONGER_S = 1.0
"""In Phase 1 a commit may take 50 ms on a busy machine, which half a second is not far beyond."""
ASKED = ("--warm-up", 0.5, "--window", WINDOW_S)


Who = Callable[[Climb, Meddler], list[psutil.Process]]


def clients(climb: Climb, _: Meddler) -> list[psutil.Process]:
    """Return all clients."""
    return climb.clients()


def one_client(climb: Climb, _: Meddler) -> list[psutil.Process]:
    """Return one of them."""
    return climb.clients()[:1]


def server(_: Climb, meddler: Meddler) -> list[psutil.Process]:
    """Return the server."""
    return meddler.server()


def measured(place: Path, phases: Sequence[str], still: Sequence[Who], *more: object) -> list[Record]:
    """Run trials, in the window of each of which some processes stand still for a while: of each phase once, or of one.

    Who does is by the phase, or else by the trial.
    """
    blocks = len(still) // len(phases)
    with climbing(place, "--phases", ",".join(phases), *ASKED, "--blocks", blocks, *ONCE, *more) as climb:
        climb.wait_trial(1)
        trials = climb.directory.plan().trials
        for number, trial in enumerate(trials):
            climb.wait_trial(trial.number)
            with meddling(climb) as meddler:
                meddler.wait_window()
                sleep(0.3)
                with stopped(still[number if blocks > 1 else phases.index(trial.phase)](climb, meddler)):
                    sleep(LONGER_S if trial.phase == "1" else STILL_S)
                climb.wait_record(trial.number)
        climb.end()
        return climb.records()


@pytest.mark.parametrize(
    "still", one_of({"1-B": clients, "2-C": server}, {"1": clients, "2-B": clients}, {"1": server})
)
def test_clients_or_a_server_that_stood_still_make_a_trial_suspect(place, still):
    for record in measured(place, list(still), list(still.values())):
        stalled(record)


@pytest.mark.slow
@pytest.mark.parametrize(("phase", "processes"), [("2", 2), ("1-B", 2)])
def test_so_do_several_clients_or_the_server_of_several_or_one_client_while_the_others_go_on(place, phase, processes):
    """One client by its part of all clients' time."""
    found = measured(place, [phase], [clients, server, one_client], "--processes", processes)
    together, of_all, alone = found
    stalled(together)
    stalled(of_all)
    # No doubt about one of them.
    assert "clients-stalled" not in of_all.validity.codes
    assert alone.longest_gap_s < STILL_S
    [reason] = [reason for reason in alone.validity.reasons if reason.code == "clients-stalled"]
    assert alone.validity.state == "suspect"
    # On a busy machine others may have had pauses of their own besides.
    assert f" of {processes} client processes had nothing acknowledged for " in reason.detail
    assert STILL_S / WINDOW_S * 0.6 < reason.share * processes < 1  # less what the others paused meanwhile


@pytest.mark.parametrize("phase", one_of("2-C", "1", "2"))
def test_clients_of_which_none_stands_still_are_not_doubted(new_place, phase):
    # In memory: beside other tests a disk stands still now and then, and that is doubted rightly.
    asked = ("--phases", phase, *ASKED, "--blocks", 1, "--processes", 2)
    with climbing(new_place("/dev/shm"), *asked) as climb:
        climb.end()
        [record] = climb.records()
    assert not {"stalled", "clients-stalled"} & {reason.code for reason in record.validity.reasons}


def stalled(record: Record) -> None:
    """See that a record says so, with the right size."""
    [reason] = [reason for reason in record.validity.reasons if reason.code == "stalled"]
    assert record.validity.state == "suspect"
    assert STILL_S <= record.longest_gap_s < WINDOW_S
    assert reason.share == pytest.approx(record.longest_gap_s / WINDOW_S)
    assert reason.detail.startswith(f"nothing was acknowledged for {record.longest_gap_s:.2f} s, ")
