"""What a run that stopped before its end left as its last words."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from bench.remote.errors import RefusedError, UnreachableError
from bench.remote.link import Said
from bench.remote.steps import follow, look, parse_last_words


def test_a_greeting_before_the_answer_is_named_with_what_to_do():
    said = Said(0, b'Welcome to n100!\n{"schema":"pgladder/state/1"}\n', "")
    link = SimpleNamespace(host=SimpleNamespace(name="n100", agent_user="pgladder"), run=lambda *_, **__: said)
    with pytest.raises(RefusedError, match=r"begins with 'Welcome to n100!': does a greeting in ~/\.bashrc there"):
        look(link)


def test_the_last_words_are_the_agents_not_the_service_managers():
    text = " 18950\nsuccess\nRun r1: 4 of 4 trials\npgladder: one.\npgladder: the server did not come back.\ntable\n"
    assert parse_last_words(text) == "the server did not come back"


def test_a_full_disk_is_named():
    assert parse_last_words("0\nexit-code\npgladder: the server did not come back.\n") == (
        "the server did not come back; its disk is full"
    )


def test_a_run_that_was_killed_left_no_word():
    assert parse_last_words("18950\nsignal\n") == "it left no word why (systemd: signal)"


class Silent:
    """A link whose session says these things, None for nothing in time; the box answers so often when it is asked."""

    host = SimpleNamespace(name="n100", agent_user="pgladder")

    def __init__(self, *says, answers):
        self.says, self.answers = list(says), answers

    @contextmanager
    def session(self, *_, **__):
        yield self

    def recv(self, _):
        said = self.says.pop(0)
        if said is None:
            raise TimeoutError
        return said

    def ask(self):
        self.answers -= 1
        if self.answers < 0:
            raise UnreachableError(self.host.name, "the connection was lost (Timeout opening channel.)")

    def ended(self, _):
        return Said(0, b"", "")


def test_a_long_trial_is_waited_for_as_long_as_the_box_answers():
    told = []
    assert follow(Silent(None, b"one\n", None, None, b"two\n", b"", answers=3), "r1", 0, told.append) == "finished"
    assert told == [b"one\n", b"two\n"]


def test_a_box_that_neither_speaks_nor_answers_is_not_followed_for_ever():
    told = []
    with pytest.raises(UnreachableError, match="the connection was lost"):
        follow(Silent(b"one\n", None, None, answers=1), "r1", 0, told.append)
    assert told == [b"one\n"]
