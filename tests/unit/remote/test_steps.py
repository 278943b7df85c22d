"""What a box is asked for, and what its answers and its exit codes stand for."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from bench.model.box import BUSY, NO_SUCH_RUN
from bench.remote.errors import NotReadyError, RefusedError, RemoteError, UnreachableError
from bench.remote.link import Output
from bench.remote.steps import cancel, follow, is_gated, last_words, launch, look, open_gate, read_plan


def test_a_greeting_before_the_answer_is_named_with_what_to_do():
    said = Output(0, b'Welcome to n100!\n{"schema":"pgladder/state/1"}\n', "")
    link = SimpleNamespace(host=SimpleNamespace(name="n100", agent_user="pgladder"), run=lambda *_, **__: said)
    with pytest.raises(RefusedError, match=r"begins with 'Welcome to n100!': does a greeting in ~/\.bashrc there"):
        look(link)


def link(code, err="", out=b""):
    """A link to a box whose pgladder says this, whatever it is asked; ``asked`` has the words."""
    asked = []

    def run(*words, user, **_):
        asked.append((*words[1:], user))
        return Output(code, out, err)

    host = SimpleNamespace(name="n100", agent_user="pgladder")
    return SimpleNamespace(host=host, run=run, asked=asked)


STEPS = {
    "launch": lambda link: launch(link, "r1", b"plan", "me at home"),
    "open_gate": lambda link: open_gate(link, "r1", 3),
    "is_gated": lambda link: is_gated(link, "r1"),
    "read_plan": lambda link: read_plan(link, "r1"),
    "last_words": lambda link: last_words(link, "r1"),
    "cancel": lambda link: cancel(link, "r1"),
}


def test_root_launches_cancels_and_reads_the_journal_and_the_agents_user_does_all_else():
    there = link(0)
    for step in STEPS.values():
        step(there)
    assert {(words[0], words[-1]) for words in there.asked} == {
        ("launch", "root"),
        ("gate", "pgladder"),
        ("plan", "pgladder"),
        ("last-words", "root"),
        ("cancel", "root"),
    }


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("complaint", ["unrecognized arguments: r1", "argument STEP: invalid choice: 'x'"])
def test_a_box_of_another_release_that_does_not_know_a_step_is_to_be_provisioned(step, complaint):
    with pytest.raises(RefusedError, match=r"n100: it runs another pgladder, which can't do this step: make provision"):
        step(link(2, f"pgladder: {complaint} (see pgladder box --help)\n"))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_box_without_pgladder_is_to_be_made_ready(step):
    with pytest.raises(NotReadyError, match="n100: it has no pgladder; make it ready: make provision"):
        step(link(127, "sh: 1: exec: /usr/local/bin/pgladder: not found\n"))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_what_a_box_refuses_is_quoted(step):
    with pytest.raises(RefusedError, match=r"^n100: there is no run r1 there$"):
        step(link(NO_SUCH_RUN, "pgladder: there is no run r1 there\n"))


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_what_goes_wrong_on_a_box_is_quoted_and_is_no_refusal(step):
    with pytest.raises(RemoteError, match=r"^n100: .*: systemctl did not answer within 30 s$") as failed:
        step(link(1, "a greeting\npgladder: systemctl did not answer within 30 s\n"))
    assert not isinstance(failed.value, RefusedError)


def test_another_run_that_has_not_ended_is_waited_for_or_cancelled():
    busy = link(BUSY, "pgladder: run r0 has not ended there (launched by ann at work)\n")
    with pytest.raises(
        RefusedError, match=r"n100: run r0 .* \(launched by ann at work\); wait for it, or: make cancel"
    ):
        launch(busy, "r1", b"plan", "me at home")


def test_answers_are_read():
    assert launch(link(0, out=b"under way by another plan\n"), "r1", b"", "me") == "under way by another plan"
    assert cancel(link(0, out=b"r1\nr2\n"), "") == ["r1", "r2"]
    assert cancel(link(0), "") == []
    assert [is_gated(link(0, out=out), "r1") for out in (b"0\n", b"")] == [True, False]
    assert read_plan(link(0, out=b"{}\n"), "r1") == b"{}\n"


class Silent:
    """A link whose session says these things, None for nothing in time; the box answers so often when it is asked."""

    host = SimpleNamespace(name="n100", agent_user="pgladder")

    def __init__(self, *says, answers, code=0, err=""):
        self.says, self.answers, self.said = list(says), answers, Output(code, b"", err)

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
        return self.said


def test_a_long_trial_is_waited_for_as_long_as_the_box_answers():
    told = []
    assert follow(Silent(None, b"one\n", None, None, b"two\n", b"", answers=3), "r1", 0, told.append) == "finished"
    assert told == [b"one\n", b"two\n"]


def test_a_box_that_neither_speaks_nor_answers_is_not_followed_for_ever():
    told = []
    with pytest.raises(UnreachableError, match="the connection was lost"):
        follow(Silent(b"one\n", None, None, answers=1), "r1", 0, told.append)
    assert told == [b"one\n"]


@pytest.mark.parametrize(("code", "ending"), [(0, "finished"), (10, "cancelled"), (11, "failed")])
def test_an_exit_code_tells_how_a_run_ended(code, ending):
    assert follow(Silent(b"", answers=0, code=code), "r1", 0, print) == ending


def test_a_following_that_breaks_off_is_no_ending():
    with pytest.raises(RemoteError, match="run r1 could not be followed: systemctl did not answer"):
        follow(Silent(b"", answers=0, code=1, err="pgladder: systemctl did not answer\n"), "r1", 0, print)
    with pytest.raises(RefusedError, match="it runs another pgladder"):
        follow(Silent(b"", answers=0, code=2, err="pgladder: unrecognized arguments: follow\n"), "r1", 0, print)
