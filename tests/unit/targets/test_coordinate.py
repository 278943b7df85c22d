"""Whose turn it is, of boxes that share a machine; and what becomes of the others where one fails."""

import io
from functools import partial
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bench.analysis.progress import Progress
from bench.remote.errors import RemoteError, UnreachableError
from bench.targets import coordinate as gates
from bench.targets.coordinate import Interleaving, next_gate
from tests.builders import a_plan, a_record, a_trial, compared_run, void
from tests.unit.analysis.test_compare import until_decided


def a_box(blocks=3, trials=2, seed=7):
    """Nothing is recorded there yet."""
    planned = [a_trial(number + 1, block=number // trials + 1) for number in range(blocks * trials)]
    return Progress(a_plan(*planned, seed=seed))


def measured(so_far):
    """The box after its block."""
    block = so_far.next.block
    while so_far.next and so_far.next.block == block:
        so_far = so_far.with_record(a_record(so_far.next.number, block=block))
    return so_far


def order(boxes):
    """Who measured which block, one after the other, until all have ended."""
    boxes, told = dict(boxes), []
    while turn := next_gate(boxes):
        host, block = turn
        assert boxes[host].next.block == block
        told.append((block, host))
        boxes[host] = measured(boxes[host])
        if boxes[host].next is None:
            assert next_gate(boxes) is None  # until it has ended
            del boxes[host]
    return told


@given(st.integers(1, 5), st.integers(1, 4), st.integers(1, 3), st.integers(0, 1 << 31))
def test_each_block_is_measured_once_on_each_box_before_the_next_one_begins(hosts, blocks, trials, seed):
    names = [f"box{number}" for number in range(hosts)]
    told = order({name: a_box(blocks, trials, seed) for name in names})
    assert [block for block, _ in told] == [block for block in range(1, blocks + 1) for _ in names]
    assert sorted(told) == sorted((block, name) for block in range(1, blocks + 1) for name in names)


def test_who_is_first_in_a_block_is_chance():
    told = order({"a": a_box(400, 1), "b": a_box(400, 1)})
    first = sum(host == "a" for _, host in told[::2])
    assert 160 < first < 240  # four standard deviations


def test_the_order_is_the_same_for_whoever_goes_on_giving_turns():
    three = {"a": a_box(9), "b": a_box(9), "c": a_box(9)}
    told = order(three)
    assert order(three) == told
    assert order({"a": a_box(9), "c": a_box(9)}) == [each for each in told if each[1] != "b"]


def test_while_a_box_whose_run_is_decided_puts_its_server_back_nobody_has_a_turn():
    run = until_decided(compared_run({"a": [100.0, 101, 99], "b": [200.0, 201, 199]}), 2)
    decided = Progress(run.plan, run.records)
    assert decided.next
    assert next_gate({"a": decided, "b": Progress(run.plan, run.records[:2])}) is None


def test_a_box_whose_trial_was_cut_keeps_its_turn():
    boxes = {"a": a_box(), "b": a_box()}
    host, block = next_gate(boxes)
    boxes[host] = boxes[host].with_record(a_record(1, **void("agent-ended")))
    assert next_gate(boxes) == (host, block)


def nowhere():
    return Console(file=io.StringIO())


@pytest.fixture
def given_turns(monkeypatch):
    """The turns that boxes are given; ``failing`` names those that can't be."""
    told, failing = [], {}

    def open_gate(link, _, block):
        if error := failing.get(link.host.name):
            raise error
        told.append((link.host.name, block))

    monkeypatch.setattr(gates, "open_gate", open_gate)
    return told, failing


def links(*names):
    """Boxes; what was given up has a word in ``gone``."""
    found = []
    for name in names:
        gone = []
        found.append(SimpleNamespace(host=SimpleNamespace(name=name), gone=gone, give_up=partial(gone.append, True)))
    return found


def test_nobody_has_a_turn_before_all_boxes_are_there(given_turns):
    told, _ = given_turns
    giving = Interleaving(nowhere(), links("a", "b"), "r1")
    giving.begins("a", a_box())
    assert told == []
    giving.begins("b", a_box())
    assert told == [next_gate({"a": a_box(), "b": a_box()})]


def test_a_turn_is_given_once_and_the_next_one_when_its_block_is_recorded(given_turns):
    told, _ = given_turns
    boxes = {"a": a_box(), "b": a_box()}
    giving = Interleaving(nowhere(), links(*boxes), "r1")
    for name, so_far in boxes.items():
        giving.begins(name, so_far)
    expected = [(host, block) for block, host in order(boxes)]
    for host, _ in expected:
        before = len(told)
        block = measured(boxes[host]).records[len(boxes[host].records) :]
        for record in block:
            assert len(told) == before
            boxes[host] = boxes[host].with_record(record)
            giving.recorded(host, boxes[host], record)
        if boxes[host].next is None:
            assert len(told) == before
            giving.ended(host, "finished")
    assert told == expected


def test_a_box_that_fails_is_cancelled_or_stays_away_does_not_stop_the_others(given_turns):
    told, _ = given_turns
    boxes = {"a": a_box(), "b": a_box(), "c": a_box()}
    giving = Interleaving(nowhere(), links(*boxes), "r1")
    for name, so_far in boxes.items():
        giving.begins(name, so_far)
    [(first, _)] = told
    giving.ended(first, "cancelled")
    assert told[-1] == next_gate({name: so_far for name, so_far in boxes.items() if name != first})


def test_a_box_that_can_not_be_given_its_turn_is_given_up_with_the_reason(given_turns):
    told, failing = given_turns
    error = RemoteError("box", "its disk is full")
    failing |= {"a": error, "b": error}
    there, out = links("a", "b"), nowhere()
    giving = Interleaving(out, there, "r1")
    giving.begins("a", a_box())
    giving.begins("b", a_box())
    assert told == []
    assert out.file.getvalue() == (
        "box: its disk is full; its gate is opened no more, and its run waits: mend that, then make compare-hosts"
        " RUN=r1, or make cancel RUN=r1\n"
    )
    assert sorted(link.gone for link in there) == [[], [True]]


def test_a_turn_that_was_lost_with_the_connection_is_given_when_the_box_is_back(given_turns):
    told, failing = given_turns
    error = UnreachableError("box", "it hung up")
    failing |= {"a": error, "b": error}
    there = links("a", "b")
    giving = Interleaving(nowhere(), there, "r1")
    giving.begins("a", a_box())
    giving.begins("b", a_box())
    assert [link.gone for link in there] == [[], []]
    failing.clear()
    turn = next_gate({"a": a_box(), "b": a_box()})
    giving.begins(turn[0], a_box())
    assert told == [turn]
