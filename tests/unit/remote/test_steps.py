"""What a run that stopped before its end left as its last words."""

from types import SimpleNamespace

import pytest

from bench.remote.errors import RefusedError
from bench.remote.link import Said
from bench.remote.steps import look, parse_last_words


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
