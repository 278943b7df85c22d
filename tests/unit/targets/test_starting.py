"""Boxes begin together, once somebody agreed to what it takes; nobody is asked of a run that is there."""

import io
import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console

from bench.box.state import RunState
from bench.model.codec import from_json, to_json
from bench.model.errors import UsageError
from bench.model.plan import Owned, Plan
from bench.remote.hosts import Host
from bench.targets import boxes as verbs
from bench.targets.boxes import KEEPS_ITS_PLAN, Boxes, launched
from bench.targets.target import Request
from tests.unit.targets.test_box_plans import BOX

HOURS = {"phases": ["1-B"], "window": 3000.0, "blocks": 3, "run": "r1"}


class Box:
    """A box as a step meets it."""

    reached = 0

    def __init__(self, name):
        self.host = Host(name=name, address=name)
        self.secrets = SimpleNamespace(answer=lambda: None)


@pytest.fixture
def two(monkeypatch):
    """Two boxes, what each says of itself, and the plans that were launched on them, by name."""
    states, plans = dict.fromkeys(("desk", "shelf"), BOX), {}

    def launch(link, _run, plan, *_, **__):
        plans[link.host.name] = plan
        return "started"

    monkeypatch.setattr(verbs, "release", lambda: BOX.release)
    monkeypatch.setattr(verbs.steps, "look", lambda link: to_json(states[link.host.name]))
    monkeypatch.setattr(verbs.steps, "read_plan", lambda link, _: plans[link.host.name])
    monkeypatch.setattr(verbs.steps, "launch", launch)
    monkeypatch.setattr(sys, "argv", ["fab", "launch", "--limit=lab"])
    boxes = Boxes(Console(file=io.StringIO(), width=200, force_terminal=True), links=list(map(Box, states)))
    return SimpleNamespace(boxes=boxes, states=states, plans=plans, said=boxes.out.file.getvalue)


def typed(monkeypatch, line, *, terminal=True):
    stdin = io.StringIO(line)
    stdin.isatty = lambda: terminal
    monkeypatch.setattr(sys, "stdin", stdin)


def test_one_question_is_put_for_all_of_them(two, monkeypatch):
    typed(monkeypatch, "yes\n")
    launched(two.boxes, Request(given=HOURS))
    assert two.plans.keys() == {"desk", "shelf"}
    assert two.said().count("Type yes") == 1
    assert "desk: up to 2 h 31 min" in two.said()


@pytest.mark.parametrize(("line", "terminal"), [("no\n", True), ("yes\n", False)])
def test_nothing_is_launched_on_any_where_nobody_agrees(two, monkeypatch, line, terminal):
    typed(monkeypatch, line, terminal=terminal)
    with pytest.raises(UsageError, match=r"--yes=1$"):
        launched(two.boxes, Request(given=HOURS))
    assert two.plans == {}
    assert not two.boxes.started


def test_who_said_so_beforehand_is_not_asked(two, monkeypatch):
    typed(monkeypatch, "", terminal=False)
    launched(two.boxes, Request(given={**HOURS, "yes": True}))
    assert two.plans.keys() == {"desk", "shelf"}


def test_of_a_run_that_is_there_nobody_is_asked_again(two, monkeypatch):
    typed(monkeypatch, "", terminal=False)
    launched(two.boxes, Request(given={**HOURS, "yes": True}))
    there = RunState(run="r1", recorded=1, planned=3, course="stopped")
    two.states |= {name: replace(BOX, runs=(there,)) for name in two.states}
    launched(two.boxes, Request(given={"run": "r1"}))
    assert "Type yes" not in two.said()
    assert two.said().count("run r1 started.") == 4


def test_a_box_that_is_not_fit_is_not_asked_about(two, monkeypatch):
    typed(monkeypatch, "yes\n")
    two.states["shelf"] = replace(BOX, release="another")
    launched(two.boxes, Request(given=HOURS))
    assert two.plans.keys() == {"desk"}
    assert "shelf: up to" not in two.said()
    assert [failure.host for failure in two.boxes.failures] == ["shelf"]


def test_what_its_owner_says_of_a_box_travels_in_its_plan_and_makes_it_no_other(two):
    [desk, _] = two.boxes.links
    desk.host = replace(desk.host, price=149.0, currency="EUR")
    launched(two.boxes, Request(given=HOURS | {"window": 1.0}))
    plans = {host: from_json(text, Plan, host) for host, text in two.plans.items()}
    assert plans["desk"].owned == Owned(price=149.0, currency="EUR")
    assert plans["shelf"].owned is None
    two.states |= {"desk": replace(BOX, runs=(RunState(run="r1", recorded=0, planned=3, course="running"),))}
    launched(two.boxes, Request(given=HOURS | {"window": 1.0}))
    assert KEEPS_ITS_PLAN not in two.said()
