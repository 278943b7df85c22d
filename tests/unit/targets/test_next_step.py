"""What to do after a climb: the whole ladder, longer windows with their time, a proof; each with its command."""

import shlex
import socket
import sys
from dataclasses import replace

import pytest

from bench.model.record import Cpu
from bench.plan.design import PROFILES
from bench.results.read import ladder_of
from bench.store.run_directory import RunDirectory
from bench.targets.next_step import with_next
from tests.builders import a_host, a_plan, a_record, doubtful, pulled, written

FULL = Cpu(host_pct=98, steal_pct=0, client_cores=0.5, server_cores=3.3)


@pytest.fixture(autouse=True)
def _by_name(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["pgladder"])
    monkeypatch.delenv("MAKELEVEL", raising=False)


def asked(tmp_path, *records, given=None, host=None, **changes):
    run = pulled(*records, host=replace(a_host(), host=host or socket.gethostname()))
    run = replace(run, plan=replace(a_plan(*(each.trial for each in records)), **changes))
    directory = RunDirectory(written(tmp_path / "run", run))
    return with_next(ladder_of(run), directory, given or {}).answer.next


def climb(**changes):
    return [a_record(number, phase, **changes) for number, phase in enumerate(("1", "2-B", "2-G"), 1)]


def test_of_slow_rungs_alone_the_whole_ladder_comes_next(tmp_path):
    step = asked(tmp_path, a_record(1, "1"), a_record(2, "1-B"))
    assert step.what == "climb the whole ladder"
    assert shlex.split(step.command)[1:] == ["run"]


def test_a_rough_number_is_measured_longer_with_the_plans_own_estimate(tmp_path):
    step = asked(tmp_path, *climb())
    assert step.what == "measure longer"
    assert shlex.split(step.command)[1:] == ["run", "--profile", "standard", "--phases", "1", "2-B", "2-G"]
    standard = PROFILES["standard"]
    trials = 3 * standard.blocks
    assert step.seconds > trials * (standard.warm_up_s + standard.window_s)
    assert step.seconds < 2 * trials * (standard.warm_up_s + standard.window_s)


def test_the_next_longer_profile_is_offered_and_none_after_the_longest(tmp_path):
    long = {"profile": "standard", "warm_up_s": 5, "window_s": 20}
    assert "--profile thorough" in asked(tmp_path, *climb(), **long).command


def test_who_had_company_is_told_to_close_it(tmp_path):
    company = doubtful("suspect", "not-alone", "other programs kept 0.9 of 2 cores busy", 0.45)
    assert asked(tmp_path, *climb(validity=company)).what == "close other programs and measure longer"


def test_after_a_good_number_its_suspect_is_proved(tmp_path):
    quiet = [a_record(n, "2-G", block=n, seconds=20, cpu=FULL) for n in (1, 2, 3)]
    step = asked(tmp_path, *quiet, profile="standard", warm_up_s=5, window_s=20)
    assert step.what == "prove what stops it"
    assert shlex.split(step.command)[1:] == ["explain", "--phases", "2-G"]


def test_what_only_the_user_can_name_has_no_command(tmp_path):
    assert asked(tmp_path, *climb(), host="192.168.1.50").command is None
    assert asked(tmp_path / "dsn", *climb(), given={"dsn": "postgresql://me:secret@db"}).command is None


def test_for_boxes_it_is_makes_with_the_box_as_it_was_named(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["fab"])
    monkeypatch.setenv("MAKELEVEL", "1")
    step = asked(tmp_path, *climb(), host="n100-a", given={"limit": "n100-a"})
    assert shlex.split(step.command)[:4] == ["make", "ladder", "LIMIT=n100-a", "PROFILE=standard"]
