"""What is said at the end of a command, and where."""

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from bench.cli.fab import _ask, _close, _event, _interrupted, carry_out
from bench.model.codec import to_json
from bench.model.errors import UsageError
from bench.remote.fan_out import FAILED, Failure
from bench.targets import boxes as verbs
from bench.targets.boxes import Boxes, _is_another
from tests.builders import RUN, a_plan, compared_run, written


@pytest.fixture
def pulled(tmp_path, monkeypatch):
    """What boxes measure is a run of two variants, which ends there and is pulled."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    place = written(
        Path("results") / RUN / "n100-a", compared_run({"stock": [100.0, 101, 99], "fast": [201.0, 199, 200]})
    )
    monkeypatch.setattr(verbs, "launched", lambda *_: RUN)
    monkeypatch.setattr(verbs, "followed", lambda *_: [])
    monkeypatch.setattr(verbs, "pulled", lambda *_: {"n100-a": place})


@pytest.mark.usefixtures("pulled")
@pytest.mark.parametrize(("name", "told"), [("ladder", "phase"), ("compare", "2.000")])
def test_a_question_put_to_boxes_is_answered_and_written_as_a_page(capsys, name, told):
    boxes = Boxes(Console(file=io.StringIO()))
    assert _ask(name, boxes, {})
    assert told in capsys.readouterr().out
    assert boxes.out.file.getvalue().endswith(f"Page: results/{RUN}/report.html\n")
    assert Path("results", RUN, "report.html").is_file()
    assert _ask(name, boxes, {"json": True})
    assert json.loads(capsys.readouterr().out)["schema"].startswith("pgladder/")


@pytest.mark.usefixtures("pulled")
def test_a_question_that_only_reads_is_put_to_a_pulled_run(capsys):
    boxes = Boxes(Console(file=io.StringIO()))
    assert _ask("report", boxes, {"run": RUN})
    assert capsys.readouterr().out == f"Page: results/{RUN}/report.html\n"
    with pytest.raises(UsageError, match="Say which run: RUN="):
        _ask("report", boxes, {})


def test_where_nothing_was_pulled_there_is_no_answer(monkeypatch):
    monkeypatch.setattr(verbs, "launched", lambda *_: RUN)
    monkeypatch.setattr(verbs, "followed", lambda *_: [Failure("n100-a", "run r1 was cancelled", FAILED)])
    monkeypatch.setattr(verbs, "pulled", lambda *_: {})
    boxes = Boxes(Console(file=io.StringIO()))
    assert not _ask("ladder", boxes, {})
    assert [each.host for each in boxes.failures] == ["n100-a"]


def test_one_box_is_not_compared_with_itself():
    with pytest.raises(UsageError, match="A comparison of hosts takes two or more"):
        _ask("compare-hosts", Boxes(Console(file=io.StringIO())), {})


def test_who_stops_following_is_told_how_to_go_on_from_the_same_box():
    boxes = Boxes(Console(file=io.StringIO()), run="r7", where={"host": "10.0.0.7", "limit": "", "user_name": "me"})
    assert _interrupted(boxes) == (
        "Not followed any more; what was started goes on. Again: make ladder RUN=r7 HOST=10.0.0.7 USER_NAME=me;"
        " end it: make cancel RUN=r7 HOST=10.0.0.7 USER_NAME=me"
    )


def test_who_stops_giving_turns_is_told_that_all_will_wait():
    boxes = Boxes(Console(file=io.StringIO()), run="r7", where={"limit": "lab"}, gated=True)
    assert _interrupted(boxes) == (
        "No more gates are opened: the box that measures ends its block, then all wait."
        " Go on: make compare-hosts RUN=r7 LIMIT=lab; end it: make cancel RUN=r7 LIMIT=lab"
    )


def test_who_stops_before_anything_was_launched_is_told_so():
    assert _interrupted(Boxes(Console(file=io.StringIO()))) == "Stopped; nothing was started."


def test_boxes_that_failed_are_named_beside_what_programs_read(capsys):
    boxes = Boxes(Console(file=io.StringIO()), failures=[Failure("n100", "can't be reached", FAILED)])
    assert _close(boxes, sound=True) == FAILED
    assert boxes.out.file.getvalue() == ""
    assert "n100: can't be reached (exit code 1)" in capsys.readouterr().err


def test_a_plan_that_was_damaged_here_is_no_other_run(tmp_path):
    here, there = tmp_path / "plan.json", to_json(a_plan())
    answers = []
    for text in (there, b"", there[:-9], there + b"\n", to_json(a_plan(run="another"))):
        here.write_bytes(text)
        answers.append(_is_another(here, there))
    assert answers == [False, False, False, False, True]


# --- who is told -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "what", "words"),
    [
        ({}, "finished", "it has come to its end"),
        ({"failures": [Failure("n100-a", "the disk is full", FAILED)]}, "failed", "n100-a: the disk is full"),
        ({"let_go": "Not followed any more"}, "stopped", "Not followed any more"),
    ],
)
def test_somebody_is_told_what_became_of_the_boxes(changes, what, words):
    event = _event("ladder", Boxes(Console(file=io.StringIO()), run="r7", **changes), 0)
    assert (event.what, event.sentence, event.run) == (what, words, "r7")
    assert event.environment()["PGLADDER_RESULTS"].endswith("/results/r7")


def test_a_question_that_fails_on_boxes_is_told_and_ends_as_it_would(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    script = tmp_path / "tell"
    script.write_text(f"#!/bin/sh\nenv | grep ^PGLADDER_ > {tmp_path}/told\n")
    script.chmod(0o755)
    config = {"sudo": {"password": None}}
    assert carry_out("report", None, config, {"run": "no-such-run", "notify": [str(script)]}, {}) == 2
    told = (tmp_path / "told").read_text()
    assert "PGLADDER_EVENT=failed" in told
    assert "PGLADDER_EXIT_CODE=2" in told
