"""Many boxes at once, and connections that are lost."""

from threading import Event
from types import SimpleNamespace

import pytest

from bench.model.errors import DataError, HostError, UsageError
from bench.remote import fan_out as together
from bench.remote.errors import NotTrustedError, RefusedError, SudoRefusedError, UnreachableError
from bench.remote.fan_out import Failure, on_each, steadily
from bench.remote.secrets import Secrets


def a_link(name="n100", reached=1):
    link = SimpleNamespace(host=SimpleNamespace(name=name), reached=reached, given_up=Event())
    link.give_up, link.secrets = link.given_up.set, Secrets()
    return link


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch):
    monkeypatch.setattr(together, "PAUSES_S", (0,))


def lost(times, link, *, reconnects=True):
    """A step whose connection is lost so many times."""
    left = [times]

    def step(_):
        if left[0]:
            left[0] -= 1
            raise UnreachableError("n100", "the connection was lost")
        link.reached += reconnects
        return "done"

    return step


def test_one_that_fails_does_not_stop_the_others_and_is_named():
    def step(link):
        if link.host.name == "b":
            raise RefusedError("b", "its disk is full")
        return link.host.name.upper()

    found = on_each([a_link("a"), a_link("b"), a_link("c")], step)
    assert found.done == {"a": "A", "c": "C"}
    assert found.failures == [Failure("b", "its disk is full", 2)]


@pytest.mark.parametrize("kind", [UsageError, DataError, HostError])
def test_a_box_where_nothing_was_done_gives_exit_code_2_whatever_the_cause(kind):
    def step(_):
        raise kind("n100: its file is damaged")

    assert on_each([a_link()], step).failures == [Failure("n100", "its file is damaged", 2)]


def test_an_interruption_hangs_up_on_all():
    links = [a_link("a"), a_link("b")]

    def step(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        on_each(links, step)
    assert all(link.given_up.is_set() for link in links)


def test_a_lost_connection_is_told_once_and_the_step_done_again():
    link, said = a_link(), []
    assert steadily(link, lost(3, link), said.append) == "done"
    assert said == ["n100: the connection was lost; trying again"]


def test_a_box_that_was_never_reached_is_not_waited_for():
    link, said = a_link(reached=0), []
    with pytest.raises(UnreachableError):
        steadily(link, lost(1, link), said.append)
    assert said == []


def test_a_sudo_that_refuses_is_not_asked_again():
    link, said, tried = a_link(), [], []

    def step(link):
        tried.append(link)
        raise SudoRefusedError("n100", "sudo did not accept the password")

    with pytest.raises(SudoRefusedError):
        steadily(link, step, said.append)
    assert (len(tried), said) == (1, [])


def test_a_box_that_stays_away_is_given_up():
    link = a_link()
    with pytest.raises(UnreachableError):
        steadily(link, lost(10**9, link), lambda _: None, patience_s=0.05)


def silent(seconds, link, answers):
    """A step in which a box that can be reached does not answer for so long; when it answered last."""

    def step(_):
        link.reached += 1  # its sshd lets us in, each time
        error = UnreachableError("n100", "it can be reached, and does not answer", silent_s=seconds)
        error.answered = answers.pop(0) if answers else 0.0
        raise error

    return step


def test_a_box_whose_sshd_answers_and_whose_program_hangs_is_given_up_at_once():
    link, said = a_link(), []
    with pytest.raises(UnreachableError, match="does not answer"):
        steadily(link, silent(60, link, []), said.append)
    assert said == []


def test_a_box_that_can_be_reached_and_stays_silent_is_given_up_from_its_last_answer_on():
    link, answers = a_link(), [1.0, 2.0, 3.0]
    with pytest.raises(UnreachableError):
        steadily(link, silent(0, link, answers), lambda _: None, patience_s=0.05)
    assert answers == []


def test_a_box_that_is_another_one_now_is_given_up_at_once():
    def step(_):
        raise NotTrustedError("n100", "its host key is not the one recorded")

    with pytest.raises(NotTrustedError):
        steadily(a_link(), step, lambda _: None)
