"""What goes to standard output, what beside it, and what is refused before any box is asked."""

import io
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
from fabric import Connection
from invoke import Exit
from rich.console import Console

import fabfile
from bench.box.state import RunState
from bench.cli.fab import exit_code
from bench.model.codec import to_json
from bench.model.errors import HostError, UsageError
from bench.questions import load_question
from bench.questions.question import print_answer
from bench.remote import fan_out as together
from bench.remote.errors import UnreachableError
from bench.remote.fan_out import REFUSED
from bench.remote.hosts import Host
from bench.targets import boxes as verbs
from bench.targets.boxes import Boxes
from bench.targets.target import Request, Results
from tests.builders import RUN, compared_run, written
from tests.unit.targets.test_box_plans import BOX


class Box:
    """A box as a step meets it."""

    reached = 1

    def __init__(self, name):
        self.host = Host(name=name, address=name)
        self.secrets = SimpleNamespace(answer=lambda: None)
        self.given_up = SimpleNamespace(is_set=lambda: False, wait=lambda _: None)


def boxes(*names):
    return Boxes(Console(file=io.StringIO()), links=[Box(name) for name in names])


def test_fabrics_own_way_of_naming_hosts_is_refused_and_ours_are_told():
    with pytest.raises(Exit, match="say --host= or --limit=") as refused:
        fabfile.namespace["ladder"].body(Connection("n100"))
    assert refused.value.code == REFUSED


def test_that_a_connection_was_lost_is_told_beside_what_programs_read(monkeypatch, capsys):
    answers = iter([UnreachableError("n100", "the connection was lost"), to_json(BOX)])

    def look(_link):
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(together, "PAUSES_S", (0,))
    monkeypatch.setattr(verbs.steps, "look", look)
    verbs.status(boxes("n100"), {"json": True})
    told = capsys.readouterr()
    assert json.loads(told.out)["n100"]["host"] == BOX.host
    assert "n100: the connection was lost; trying again" in told.err


def test_what_boxes_are_doing_is_a_table_for_other_programs_too(monkeypatch, capsys):
    monkeypatch.setattr(verbs, "look", lambda _: {"n100": BOX})
    here = boxes("n100")
    verbs.status(here, {"format": "csv"})
    head, row = capsys.readouterr().out.splitlines()
    assert head.startswith("box,pgladder,")
    assert row.startswith(f"n100,{BOX.release},")
    assert here.out.file.getvalue() == ""


def test_where_no_box_answered_there_is_no_table(monkeypatch):
    monkeypatch.setattr(verbs, "look", lambda _: {})
    here = boxes("n100")
    verbs.status(here, {})
    assert here.out.file.getvalue() == ""


@pytest.mark.parametrize(
    ("words", "told"), [({"phases": ["9"]}, "Unknown phase '9'"), ({"variants": ["stok"]}, "did you mean stock")]
)
def test_a_phase_or_a_variant_that_is_none_is_refused_before_a_box_is_asked(monkeypatch, words, told):
    monkeypatch.setattr(verbs.steps, "look", lambda _: pytest.fail("a box was asked"))
    with pytest.raises(UsageError, match=told):
        verbs.launched(boxes("n100"), Request(given=words))


@pytest.mark.parametrize("gated", [True, False])
def test_boxes_that_share_a_machine_are_all_launched_and_wait_for_their_turns(monkeypatch, gated):
    launches = []

    def launch(link, *_, gated):
        if link.host.name == "c":
            raise HostError("refused")
        launches.append((link.host.name, gated))
        return "started"

    monkeypatch.setattr(verbs, "release", lambda: BOX.release)
    monkeypatch.setattr(verbs.steps, "look", lambda _: to_json(BOX))
    monkeypatch.setattr(verbs.steps, "launch", launch)
    here = boxes("a", "b", "c")
    here.gated = gated
    verbs.launched(here, Request(given={"phases": ["2"]}))
    assert sorted(launches) == [("a", gated), ("b", gated)]
    assert exit_code(here.failures, 3, started=here.started, sound=True) == 1


def test_a_run_that_is_under_way_without_turns_is_not_gone_on_with_in_turns(monkeypatch):
    run = RunState(run="r7", recorded=2, planned=9, course="running")
    monkeypatch.setattr(verbs, "release", lambda: BOX.release)
    monkeypatch.setattr(verbs.steps, "look", lambda _: to_json(replace(BOX, runs=(run,))))
    monkeypatch.setattr(verbs.steps, "is_gated", lambda *_: False)
    monkeypatch.setattr(verbs.steps, "launch", lambda *_, **__: pytest.fail("it was started"))
    here = boxes("a")
    here.gated = True
    verbs.launched(here, Request(given={"run": "r7"}))
    assert "run r7 is there and is not interleaved" in here.failures[0].reason


def test_who_follows_a_run_that_takes_turns_is_told_who_gives_them(monkeypatch):
    monkeypatch.setattr(verbs.steps, "is_gated", lambda link, _: link.host.name != "b")
    here = boxes("a", "b", "c")
    verbs._report_gates(here, "r7")
    assert here.out.file.getvalue() == (
        "a, c: run r7 is interleaved, block by block, and waits at its gate; only make compare-hosts RUN=r7, with all"
        " its boxes, opens it. End it: make cancel RUN=r7\n"
    )


@pytest.mark.parametrize(("name", "schema"), [("ladder", "ladders/3"), ("compare", "comparison/3")])
def test_for_programs_the_answer_is_the_json_of_the_commands_on_pulled_files(tmp_path, capsys, name, schema):
    run = compared_run({"stock": [100.0, 101, 99], "big-wal": [100.0, 99, 101]})
    place = written(tmp_path / RUN / "n100-a", run)
    results = Results(directories=(place.parent,), hosts={"n100-a": place})
    print_answer(load_question(name).answer(results, {"json": True}), {"json": True})
    told = capsys.readouterr()
    assert json.loads(told.out)["schema"] == f"pgladder/{schema}"
    assert told.err == ""
