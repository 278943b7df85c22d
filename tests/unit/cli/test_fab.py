"""What is said at the end of a command, and where."""

import io

from rich.console import Console

from bench.cli.fab import _close, _interrupted
from bench.model.codec import to_json
from bench.remote.fan_out import FAILED, Failure
from bench.targets.boxes import Boxes, _is_another
from tests.builders import a_plan


def test_who_stops_following_is_told_how_to_go_on_from_the_same_box():
    boxes = Boxes(Console(file=io.StringIO()), run="r7", where={"host": "10.0.0.7", "limit": "", "user_name": "me"})
    assert _interrupted(boxes) == (
        "Not followed any more; what was started goes on. Again: make ladder RUN=r7 HOST=10.0.0.7 USER_NAME=me;"
        " end it: make cancel RUN=r7 HOST=10.0.0.7 USER_NAME=me"
    )


def test_who_stops_giving_turns_is_told_that_all_will_wait():
    boxes = Boxes(Console(file=io.StringIO()), run="r7", where={"limit": "lab"}, in_turns=True)
    assert _interrupted(boxes) == (
        "No more turns are given: the box that has one ends its block, then all wait."
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
