"""A busy machine is slow, not wrong: properties have no deadline, and thirty examples each keep the tier fast.

The same thirty each time: what a change did not break does not fail beside it by chance.
"""

import os
import signal

import pytest
from hypothesis import HealthCheck, settings

from bench.agent import lock

unhurried = [HealthCheck.too_slow]
settings.register_profile("unit", deadline=None, max_examples=30, derandomize=True, suppress_health_check=unhurried)
settings.load_profile("unit")


@pytest.fixture(autouse=True)
def _a_lock_of_our_own(monkeypatch):
    """A run that is under way on this machine must not fail the tests, nor they it."""
    monkeypatch.setattr(lock, "NAME", b"\0pgladder-test-%d" % os.getpid())


@pytest.fixture(autouse=True)
def _ctrl_c_as_it_was():
    """A command that was told to stop ignores it from then on, and whatever this process starts later would too."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)
