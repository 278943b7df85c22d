"""An ordinary user's run, by a plan that was written elsewhere."""

import contextlib
import os
import pwd
import stat
from pathlib import Path

import psutil
import pytest

from bench.engines.postgresql.render import render
from bench.model.codec import from_json, to_json
from bench.model.plan import Plan
from bench.plan.design import Design, Profile, make_plan
from bench.workload.phase import ladder
from tests.integration.support import Climb, Ended, as_root, as_user, assert_nothing_left, climbing


def climb_plan(place: Path) -> Path:
    """Return where the plan of this module's run was written."""
    return place / "elsewhere.json"


def written_plan(place: Path) -> Path:
    """Write a plan as another machine would have made it."""
    design = Design(
        phases=["1-B", "2-E"],
        variants=["stock"],
        layouts=["plain"],
        transports=["tcp"],
        profile=Profile(warm_up_s=0.2, window_s=1.0, blocks=1),
        profile_name="custom",
        overrides={"in_flight": 3},
    )
    harness = render("harness", {"listen_addresses": "127.0.0.1", "port": None, "max_connections": 100, "tls": False})
    variants = {"stock": render("variants/stock", {})}
    plan = make_plan(design, ladder(), harness, variants, run="from-elsewhere", created="2026-01-01T00:00:00", seed=3)
    climb_plan(place).write_bytes(to_json(plan) + b"\n")
    return climb_plan(place)


@pytest.fixture(scope="module")
def nobodys(new_place) -> tuple[Climb, Ended, set[str]]:
    """Let the user nobody climb, who owns one directory on this machine; and tell whose processes were seen."""
    place = new_place()
    os.chown(place, pwd.getpwnam("nobody").pw_uid, -1)
    home = {"HOME": str(place), "XDG_STATE_HOME": str(place)}
    with climbing(place, "--plan", written_plan(place), prefix=as_user("nobody"), env=home) as climb:
        climb.wait_trial(2)
        users = {process.info["username"] for process in psutil.process_iter(["username"]) if runs_for(climb, process)}
        return climb, climb.end(), users


def runs_for(climb: Climb, process: psutil.Process) -> bool:
    """Tell whether a process is one of the run's: the command, a client, the server or its backends."""
    with contextlib.suppress(psutil.Error):
        return climb.process.pid in {process.pid, *(parent.pid for parent in process.parents())}
    return False


@as_root
def test_an_ordinary_user_climbs_without_help(nobodys):
    climb, ended, users = nobodys
    assert [record.validity for record in climb.records() if record.validity.state == "void"] == []
    assert (ended.code, ended.err) == (0, "")
    assert users == {"nobody"}
    assert_nothing_left(climb.place)


@as_root
def test_the_files_of_a_run_belong_to_who_ran_it(nobodys):
    climb, _, _ = nobodys
    for file in climb.directory.path.rglob("*"):
        assert file.owner() == "nobody"
        assert not file.stat().st_mode & stat.S_IWOTH


@as_root
def test_a_plan_is_carried_out_as_it_was_written(nobodys):
    climb, plan = nobodys[0], climb_plan(nobodys[0].place)
    assert (climb.directory.path / "plan.json").read_bytes() == plan.read_bytes()
    trials = from_json(plan.read_bytes(), Plan, "plan").trials
    for trial, record in zip(trials, climb.records(), strict=True):
        assert (record.trial.number, record.trial.phase, record.trial.parameters.in_flight) == (
            trial.number,
            trial.phase,
            trial.parameters.in_flight,
        )
    assert [record.trial.parameters.in_flight for record in climb.records() if record.trial.phase == "2-E"] == [3]
