"""Telling a server to give up keeps nobody waiting."""

from time import monotonic, sleep
from types import SimpleNamespace

import pytest

from bench.engines.postgresql import session

PATIENCE_S = 20


@pytest.mark.parametrize("cancel", [lambda: sleep(1000), lambda: 1 / 0, lambda: None])
def test_a_server_that_can_not_be_told_to_give_up_is_left_to_find_out(monkeypatch, cancel):
    monkeypatch.setattr(session, "CANCEL_TIMEOUT_S", 0.1)
    began = monotonic()
    session._cancel(SimpleNamespace(cancel=cancel))
    assert monotonic() - began < PATIENCE_S
