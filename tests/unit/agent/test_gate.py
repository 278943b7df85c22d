"""A run that takes turns: it begins no block before its turn, and writes nothing of having waited."""

from collections.abc import Callable

import pytest

from bench.agent import gate as gates
from bench.agent import run as agent_run
from bench.agent.run import execute
from bench.plan.estimate import estimate
from bench.store.run_directory import GATE, RunDirectory
from bench.targets.here import Prepared, carry_out
from tests.builders import a_plan, a_record, a_samples, a_trial

PLAN = a_plan(*(a_trial(number, block=(number + 1) // 2) for number in range(1, 7)))


class Runner:
    """Runs no trials, but says which; what is asked of the server between them it says too."""

    def __init__(self, *_) -> None:
        Runner.did = []

    def run(self, trial, attempt, _doubts=()):
        Runner.did.append(trial.number)
        return a_record(trial.number, block=trial.block, attempt=attempt), a_samples(trial.number, attempt)

    def rest(self):
        Runner.did.append("rest")


class Listener:
    def __init__(self) -> None:
        self.said = []

    def begins(self, *_):
        pass

    def ended(self, _):
        pass

    def report(self, sentence):
        self.said.append(sentence)


@pytest.fixture
def directory(tmp_path, monkeypatch):
    monkeypatch.setattr(agent_run, "TrialRunner", Runner)
    directory = RunDirectory(tmp_path / "run")
    directory.begin(PLAN)
    return directory


def give(directory: RunDirectory, block: int) -> None:
    (directory.path / GATE).write_text(f"{block}\n")


def while_waiting(monkeypatch, *events: Callable[[], None]) -> None:
    """Have these happen, one each time that the agent looks again."""
    left = list(events)
    monkeypatch.setattr(gates, "sleep", lambda _: left.pop(0)())


def stop() -> None:
    raise KeyboardInterrupt


def test_without_a_turn_beside_it_a_run_waits_for_nothing(directory, monkeypatch):
    while_waiting(monkeypatch)
    assert execute(PLAN, directory, None, listener := Listener())
    assert (Runner.did, listener.said) == ([1, 2, 3, 4, 5, 6], [])


def test_each_block_begins_when_it_is_given_and_the_server_rests_until_then(directory, monkeypatch):
    give(directory, 1)
    seen = []

    def given(block):
        seen.append(list(Runner.did))
        give(directory, block)

    while_waiting(monkeypatch, lambda: given(1), lambda: given(2), lambda: given(3))
    assert execute(PLAN, directory, None, listener := Listener())
    assert seen == [[1, 2, "rest"], [1, 2, "rest"], [1, 2, "rest", 3, 4, "rest"]]
    assert listener.said == ["waiting at its gate before block 2", "waiting at its gate before block 3"]
    assert [record.trial.number for record in directory.records()] == [1, 2, 3, 4, 5, 6]


def test_turns_given_ahead_are_no_wait(directory, monkeypatch):
    give(directory, 3)
    while_waiting(monkeypatch)
    assert execute(PLAN, directory, None, Listener())
    assert "rest" not in Runner.did


def test_who_is_stopped_while_it_waits_has_lost_nothing_and_goes_on_there(directory, monkeypatch):
    give(directory, 1)
    while_waiting(monkeypatch, stop)
    assert not execute(PLAN, directory, None, Listener())
    assert [record.trial.number for record in directory.records()] == [1, 2]
    assert not directory.check_sums()
    while_waiting(monkeypatch, lambda: give(directory, 3))
    assert execute(PLAN, directory, None, Listener())
    assert [record.key for record in directory.records()] == [(n, 1) for n in range(1, 7)]


def test_before_its_first_turn_a_run_leaves_its_server_alone(directory, monkeypatch):
    give(directory, 0)
    while_waiting(monkeypatch, stop)
    ready = Prepared(plan=PLAN, directory=directory, estimate=estimate(PLAN, PLAN.trials), left=6, limits=())
    assert not carry_out(ready, None, listener := Listener())
    assert listener.said == ["waiting at its gate before block 1"]
    assert directory.host() is None


def test_the_turn_is_no_file_of_the_run(directory, monkeypatch):
    give(directory, 3)
    while_waiting(monkeypatch)
    execute(PLAN, directory, None, Listener())
    assert GATE not in (directory.path / "SHA256SUMS").read_text()
    give(directory, 4)
    assert directory.check_sums()
