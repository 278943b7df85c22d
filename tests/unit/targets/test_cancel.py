"""Ending runs: of boxes that nobody named, only after a yes."""

import io
import sys
from types import SimpleNamespace

import pytest
from rich.console import Console

from bench.model.errors import UsageError
from bench.targets import boxes as verbs
from bench.targets.boxes import Boxes, cancel


@pytest.fixture
def boxes(monkeypatch):
    """Two boxes; what was cancelled on them is in ``ended``."""
    boxes = Boxes(Console(file=io.StringIO(), width=100))
    boxes.links = [SimpleNamespace(host=SimpleNamespace(name=name)) for name in ("desk", "shelf")]
    ended = {}

    def on_each(boxes, _step):
        ended.update({link.host.name: ["r1"] for link in boxes.links})
        return ended

    monkeypatch.setattr(verbs, "_on_each", on_each)
    return boxes, ended


def typed(monkeypatch, line):
    stdin = io.StringIO(line)
    stdin.isatty = lambda: True
    monkeypatch.setattr(sys, "stdin", stdin)


def test_without_a_terminal_boxes_that_nobody_named_are_left_alone(boxes, monkeypatch):
    boxes, ended = boxes
    monkeypatch.setattr(sys, "stdin", io.StringIO("yes\n"))
    with pytest.raises(UsageError, match=r"Nothing was cancelled on desk, shelf: say which by RUN=, LIMIT= or HOST="):
        cancel(boxes, {"run": ""})
    assert not ended


@pytest.mark.parametrize("answer", ["", "\n", "no\n", "y\n"])
def test_anything_but_yes_is_no(boxes, monkeypatch, answer):
    boxes, ended = boxes
    typed(monkeypatch, answer)
    with pytest.raises(UsageError, match="Nothing was cancelled"):
        cancel(boxes, {"run": ""})
    assert not ended


def test_who_says_yes_is_shown_what_for(boxes, monkeypatch):
    boxes, ended = boxes
    typed(monkeypatch, "yes\n")
    cancel(boxes, {"run": ""})
    assert set(ended) == {"desk", "shelf"}
    assert "This ends whatever run is under way on: desk, shelf." in boxes.out.file.getvalue()


@pytest.mark.parametrize(("picked", "run"), [(True, ""), (False, "r1")])
def test_who_named_boxes_or_a_run_is_not_asked(boxes, monkeypatch, picked, run):
    boxes, ended = boxes
    boxes.where = {"limit": "lab"} if picked else {}
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    cancel(boxes, {"run": run})
    assert set(ended) == {"desk", "shelf"}
