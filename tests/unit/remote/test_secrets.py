import getpass
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import current_thread, main_thread
from types import SimpleNamespace

import pytest

from bench.remote.secrets import Secrets


@pytest.fixture
def asked(monkeypatch):
    """Somebody is at the terminal; what they were asked, and whether by the main thread."""
    asked = []

    def answers(prompt):
        asked.append((prompt.partition(" (")[0], current_thread() is main_thread()))
        return "secret"

    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(getpass, "getpass", answers)
    return asked


def serve(secrets, *futures):
    while not all(future.done() for future in futures):
        secrets.answer()
    return [future.result() for future in futures]


def test_threads_leave_their_question_to_the_main_one_which_asks_once(asked):
    secrets = Secrets()
    with ThreadPoolExecutor(3) as pool:
        assert serve(secrets, *(pool.submit(secrets.ask, "sudo password") for _ in range(3))) == ["secret"] * 3
    assert asked == [("sudo password", True)]
    assert secrets.ask("sudo password") == "secret"


@pytest.mark.usefixtures("asked")
def test_an_interruption_lets_the_threads_go(monkeypatch):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(getpass, "getpass", interrupted)
    secrets = Secrets()
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(secrets.ask, "SSH password")
        with pytest.raises(KeyboardInterrupt):
            serve(secrets, future)
        assert future.result() is None


def test_where_nobody_is_at_the_terminal_nobody_is_asked():
    assert Secrets({"passphrase": "x"}).ask("passphrase") == "x"
    assert Secrets().ask("sudo password") is None
