"""What a run makes of the signals that tell it to stop."""

import os
import signal

import pytest

from bench.model.signals import held_back, stoppable, undisturbed


@pytest.fixture(autouse=True)
def _usual():
    """As in a new process, whoever started the tests."""
    before = {each: signal.signal(each, signal.SIG_DFL) for each in (signal.SIGHUP, signal.SIGTERM)}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def hear(number):
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_whatever_tells_to_stop_is_an_interruption_and_afterwards_all_is_as_before(number):
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), stoppable():
        hear(number)
    assert signal.getsignal(number) is before


def test_a_hang_up_that_was_ignored_from_the_start_stays_ignored():
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with stoppable():
        hear(signal.SIGHUP)
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_a_hang_up_that_is_told_twice_interrupts_once():
    with stoppable():
        with pytest.raises(KeyboardInterrupt):
            hear(signal.SIGHUP)
        hear(signal.SIGHUP)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_nothing_interrupts_the_tidying_up(number):
    with stoppable(), undisturbed():
        hear(number)


def short_step(number, steps):
    with held_back():
        hear(number)
        steps.append("done")
    steps.append("never")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_a_short_step_is_interrupted_after_it(number):
    steps = []
    with pytest.raises(KeyboardInterrupt), stoppable():
        short_step(number, steps)
    assert steps == ["done"]


def test_what_was_to_be_left_undisturbed_is_not_interrupted_by_a_short_step_of_it():
    with stoppable(), undisturbed(), held_back():
        hear(signal.SIGINT)
