"""A busy machine is slow, not wrong: properties have no deadline, and thirty examples each keep the tier fast."""

import os

import pytest
from hypothesis import settings

from bench.agent import lock

settings.register_profile("unit", deadline=None, max_examples=30)
settings.load_profile("unit")


@pytest.fixture(autouse=True)
def _a_lock_of_our_own(monkeypatch):
    """A run that is under way on this machine must not fail the tests, nor they it."""
    monkeypatch.setattr(lock, "NAME", b"\0pgladder-test-%d" % os.getpid())
