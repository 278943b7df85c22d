"""A run again on its box: its own plan under a new name, refused where the box is not what it was."""

import io
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from bench.cli.fab import _ask
from bench.engines.postgresql.render import as_variant
from bench.model.codec import from_json, to_json
from bench.model.errors import HostError, UsageError
from bench.model.plan import Plan, Variant
from bench.plan.options import read_options
from bench.questions import compare, load_question, noise
from bench.remote.hosts import Host
from bench.targets import boxes as verbs
from bench.targets.box_plans import check_reproducible, plan_for
from bench.targets.boxes import Boxes, launched, relaunched
from bench.targets.target import Request, Results
from tests.builders import RUN, a_host, compared_run, written
from tests.builders import again as run_again
from tests.unit.analysis.test_pairing import RATES, box, gated
from tests.unit.targets.test_box_plans import BOX, asked


class Box:
    """A box as a step meets it."""

    reached = 0

    def __init__(self, name):
        self.host = Host(name=name, address=name)
        self.secrets = SimpleNamespace(answer=lambda: None)


@pytest.fixture
def launches(tmp_path, monkeypatch):
    """What was launched, by box: n100-a is as it was, on n100-b the harness is another."""
    run = compared_run({"stock": [100.0, 101, 99], "big-wal": [100.0, 99, 101]})
    for name in ("n100-a", "n100-b"):
        written(tmp_path / "results" / run.plan.run / name, run)
    harness = {"n100-a": run.plan.harness.text, "n100-b": "port = 5433\n"}
    states = {name: to_json(replace(BOX, harness=text)) for name, text in harness.items()}
    found = {}

    def launch(link, run, plan, *_, **__):
        found[link.host.name] = (run, plan)
        return "started"

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(verbs, "release", lambda: BOX.release)
    monkeypatch.setattr(verbs.steps, "look", lambda link: states[link.host.name])
    monkeypatch.setattr(verbs.steps, "launch", launch)
    return SimpleNamespace(found=found, plan=run.plan)


def boxes(*names):
    return Boxes(Console(file=io.StringIO()), links=[Box(name) for name in names])


def test_the_plan_of_the_run_is_launched_again_under_a_new_name(launches):
    here = boxes("n100-a")
    new = relaunched(here, Request(repeats=launches.plan.run))
    run, plan = launches.found["n100-a"]
    again = from_json(plan, Plan, "plan")
    assert run == again.run == new == here.run != launches.plan.run
    assert replace(again, run=launches.plan.run, created=launches.plan.created) == launches.plan


def test_a_box_whose_cluster_is_another_by_now_is_refused_and_the_others_go_on(launches):
    here = boxes("n100-a", "n100-b")
    relaunched(here, Request(repeats=launches.plan.run))
    assert list(launches.found) == ["n100-a"]
    [failure] = here.failures
    assert (failure.host, failure.code) == ("n100-b", 2)
    assert "its cluster is not the one that run was planned for" in failure.reason


def test_a_box_that_the_run_was_not_pulled_from_is_refused(launches, monkeypatch):
    here = boxes("n100-c")
    monkeypatch.setattr(verbs.steps, "look", lambda _: to_json(BOX))
    assert not _ask("reproduce", here, {"run": launches.plan.run})
    assert [failure.code for failure in here.failures] == [2]
    assert "n100-c holds no run" in here.failures[0].reason


@pytest.mark.parametrize("turns", [True, False])
def test_what_was_measured_in_turns_is_measured_in_turns_again(launches, monkeypatch, turns):
    at_once = [box(name, RATES, range(0, 5 * len(RATES), 5)) for name in "ab"]
    for run, name in zip(gated() if turns else at_once, ("n100-a", "n100-b"), strict=True):
        shutil.rmtree(place := Path("results") / launches.plan.run / name)
        written(place, run)
    here = boxes("n100-a", "n100-b")
    monkeypatch.setattr(verbs, "relaunched", lambda *_: "again")
    monkeypatch.setattr(verbs, "followed", lambda *_: [])
    monkeypatch.setattr(verbs, "pulled", lambda *_: {})
    _ask("reproduce", here, {"run": launches.plan.run})
    assert here.gated == turns
    assert ("one measures at a time" in here.out.file.getvalue()) == turns


def test_which_run_must_be_said():
    with pytest.raises(UsageError, match="RUN="):
        _ask("reproduce", boxes("n100-a"), {})


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        ({"variants": ["stock"]}, True),
        ({"phases": ["2-C 2-D"]}, True),
        ({"variants": ["stock async-commit"]}, False),
        ({"variants": ["all"]}, False),
        ({"layouts": ["plain no-index"]}, False),
    ],
)
def test_a_comparison_takes_two_variants_or_all_of_them_or_two_layouts(words, refused):
    request = load_question("compare").request(words)
    if refused:
        with pytest.raises(UsageError, match="two or more variants"):
            request.check_plan(plan_for(BOX, asked(**words)))
    else:
        assert request.check_plan(plan_for(BOX, asked(**words)))


def test_what_is_compared_can_be_said_before_it_is_measured():
    plan = plan_for(BOX, asked(phases=["2-C 2-D"]))
    compare.check(plan, {"across": "phase"})
    with pytest.raises(UsageError, match="--across host compares whole runs"):
        compare.check(plan, {"across": "host"})
    with pytest.raises(UsageError, match="does not vary layout"):
        compare.check(plan, {"across": "layout"})


def test_boxes_are_not_launched_with_a_plan_that_can_not_answer(launches):
    here = boxes("n100-a")
    request = load_question("compare").request({"phases": ["2-C"]})
    launched(here, request)
    assert not launches.found
    assert [(each.host, each.code) for each in here.failures] == [("n100-a", 2)]
    assert "two or more variants" in here.failures[0].reason


def test_a_box_without_room_is_refused():
    plan = plan_for(BOX, asked())
    check_reproducible(BOX, plan)
    with pytest.raises(HostError, match="its disk has"):
        check_reproducible(replace(BOX, free_bytes=1000), plan)


def test_a_false_alarm_on_a_box_is_no_success(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rates = [100.0, 103, 98, 101, 99, 102]
    for name, other, sound in (("quiet", rates[::-1], True), ("loud", [2 * rate for rate in rates], False)):
        run = run_again(compared_run({"stock": rates, "stock-again": other}))
        place = written(tmp_path / "results" / run.plan.run / name, run)
        assert noise.answer(Results(directories=(), hosts={name: place}), {}).sound == sound


def test_the_warning_before_hours_are_spent_takes_the_margin_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rates = [100.0, 103, 98, 101, 99, 102]
    run = run_again(compared_run({"stock": rates, "stock-again": rates[::-1]}))
    noise.keep_noise(written(tmp_path / "results" / RUN / "n100-a", run))
    plan = compared_run({"stock": rates, "fast": rates}).plan
    assert verbs._too_noisy("n100-a", BOX, plan, 0.5) == []
    [warning] = verbs._too_noisy("n100-a", BOX, plan, 0.01)
    assert "to tell 1.0 % in 2-C" in warning


def test_a_box_whose_hardware_is_another_than_when_its_noise_was_measured_is_not_judged_by_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rates = [100.0, 103, 98, 101, 99, 102]
    disk = {"kind": "nvme", "file_system_bytes": 500 << 30}
    run = run_again(compared_run({"stock": rates, "stock-again": rates[::-1]}, host=a_host(disk=disk)))
    place = written(tmp_path / "results" / RUN / "n100-a", run)
    noise.keep_noise(place)
    plan = compared_run({"stock": rates, "fast": rates}).plan
    smaller = replace(BOX, machine=replace(BOX.machine, hardware=replace(BOX.machine.hardware, ram_mb=8192)))
    assert "to tell 1.0 %" in verbs._too_noisy("n100-a", BOX, plan, 0.01)[0]
    assert verbs._too_noisy("n100-a", smaller, plan, 0.01) == [
        "The noise of this box was measured 2026-11-22, and it is another since (ram_mb: 16384 → 8192):"
        " measure it again (make noise)."
    ]


def test_a_margin_that_is_none_is_told_before_anything_is_launched():
    with pytest.raises(UsageError, match="margin: '9' is not a share below 1"):
        read_options({"run": RUN, "margin": "9"}, load_question("reproduce").on_boxes())


def test_what_a_power_cut_could_damage_is_said_before_a_run_begins():
    assert verbs._damaging(plan_for(BOX, asked())) == []
    plan = plan_for(BOX, asked())
    risky = Variant(name="no-fsync", text="fsync = 0\n", sha256="0" * 64)
    [warning] = verbs._damaging(replace(plan, variants=(*plan.variants, risky)))
    assert warning.startswith("a power cut under no-fsync can damage")


def test_a_box_is_sent_no_pulled_plan_that_runs_a_program_there():
    plan = plan_for(BOX, asked())
    changed = as_variant(plan.variants[0].name, "archive_command = 'id'\n")
    with pytest.raises(UsageError, match="was not made here and sets archive_command, which names a program"):
        check_reproducible(BOX, replace(plan, variants=(changed, *plan.variants[1:])))
