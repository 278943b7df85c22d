"""What a run that stopped before its end left as its last words."""

from bench.remote.steps import parse_last_words


def test_the_last_words_are_the_agents_not_the_service_managers():
    text = " 18950\nsuccess\nRun r1: 4 of 4 trials\npgladder: one.\npgladder: the server did not come back.\ntable\n"
    assert parse_last_words(text) == "the server did not come back"


def test_a_full_disk_is_named():
    assert parse_last_words("0\nexit-code\npgladder: the server did not come back.\n") == (
        "the server did not come back; its disk is full"
    )


def test_a_run_that_was_killed_left_no_word():
    assert parse_last_words("18950\nsignal\n") == "it left no word why (systemd: signal)"
