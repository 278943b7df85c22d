"""Runs of a box are launched, let through their gate and cancelled: once, whole, and beside others who do the same."""

import fcntl
import hashlib
import pwd
import shlex
import shutil
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from bench.box import runs, units
from bench.box.runs import RefusalError, cancel, gate, launch, read_plan
from bench.model.box import BUSY, NO_SUCH_RUN, OTHER_PLAN
from bench.model.errors import DataError, PgladderError
from tests.integration.support import as_root, as_user

PLAN, MINE = b'{"plan": "theirs"}\n', b"mine"


def launched(folder, plan=PLAN, run="r1", who="me at home", *, gated=False):
    return launch(folder.box, run, plan, hashlib.sha256(plan).hexdigest(), who, gated=gated)


# --- launch ----------------------------------------------------------------------------------------------------------


def test_a_plan_is_launched_once(folder):
    assert launched(folder) == "started"
    assert launched(folder) == "resumed"
    folder.is_active("r1")
    assert launched(folder) == "under way"
    assert folder.asked("enable") == ["pgladder-run@r1.service"] * 2
    assert read_plan(folder.box, "r1") == PLAN
    assert sorted(path.name for path in (folder.box.runs / "r1").iterdir()) == ["plan.json", "samples"]


def test_whoever_comes_second_with_another_plan_is_told_that_the_first_is_carried_out(folder):
    launched(folder)
    assert launched(folder, MINE) == f"resumed{OTHER_PLAN}"
    folder.is_active("r1")
    assert launched(folder, MINE) == f"under way{OTHER_PLAN}"
    assert read_plan(folder.box, "r1") == PLAN


def test_a_finished_run_is_not_started_again(folder):
    launched(folder)
    (folder.box.runs / "r1" / "SHA256SUMS").touch()
    assert launched(folder) == "finished"
    assert launched(folder, MINE) == f"finished{OTHER_PLAN}"
    assert folder.asked("enable") == ["pgladder-run@r1.service"]


def test_of_two_runs_the_second_is_refused_and_told_who_launched_the_first(folder):
    launched(folder, who="ann at work")
    with pytest.raises(RefusalError, match=r"run r1 has not ended there \(launched by ann at work\)") as refused:
        launched(folder, MINE, run="r2")
    assert refused.value.code == BUSY
    assert not (folder.box.runs / "r2").exists()


@pytest.mark.parametrize("state", ["active", "activating", "deactivating"])
def test_a_run_that_is_under_way_and_not_enabled_is_another_too(folder, state):
    folder.is_active("by-hand", state)
    with pytest.raises(RefusalError, match=r"run by-hand has not ended there$"):
        launched(folder)


def test_a_run_that_finished_and_is_still_enabled_is_in_nobodys_way(folder):
    launched(folder)
    (folder.box.runs / "r1" / "SHA256SUMS").touch()
    assert launched(folder, MINE, run="r2") == "started"


def test_a_run_that_is_just_ending_is_started_again(folder):
    launched(folder)
    folder.is_active("r1", "deactivating")
    assert launched(folder) == "resumed"


def test_a_plan_that_was_cut_off_is_not_taken(folder):
    with pytest.raises(PgladderError, match="the plan arrived incomplete"):
        launch(folder.box, "r1", PLAN[:5], hashlib.sha256(PLAN).hexdigest(), "me", gated=False)
    assert list(folder.box.runs.iterdir()) == []


def test_what_a_launch_left_half_way_is_begun_anew(folder):
    part = folder.box.runs / ".r1.part"
    (part / "samples" / "old").mkdir(parents=True)
    assert launched(folder) == "started"
    assert not part.exists()
    assert list((folder.box.runs / "r1" / "samples").iterdir()) == []


def test_a_plan_that_cannot_be_placed_starts_nothing_and_says_why(folder):
    shutil.rmtree(folder.box.runs)
    folder.box.runs.write_text("no folder")
    with pytest.raises(PgladderError, match=r"runuser failed: .*Not a directory"):
        launched(folder)
    assert folder.asked("enable") == []


def test_a_service_manager_that_refuses_is_quoted(folder):
    folder.program("systemctl", f'[ "$1" != enable ] || {{ echo "Unit is masked." >&2; exit 1; }}\n{systemctl(folder)}')
    with pytest.raises(PgladderError, match="systemctl failed: Unit is masked"):
        launched(folder)


def systemctl(folder):
    return (folder.path / "programs" / "systemctl").read_text()


def test_the_lock_lies_in_a_folder_of_roots_alone_and_no_program_that_is_started_holds_it(folder):
    folder.program("systemctl", f'ls -l /proc/self/fd >>"$BOX/files"\n{systemctl(folder)}')
    launched(folder)
    assert stat.S_IMODE(runs.OWN.stat().st_mode) == 0o700
    assert str(runs.OWN) not in (folder.path / "files").read_text()


def test_two_who_launch_at_once_start_one_run(folder, monkeypatch):
    monkeypatch.setattr(runs, "POLL_S", 0.001)

    def tried(run):
        try:
            return launched(folder, run=run)
        except RefusalError as refusal:
            return str(refusal)

    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(tried, ["a", "b", "c", "d"]))
    assert said.count("started") == 1
    assert sum("has not ended there" in each for each in said) == 3


def test_whoever_finds_the_lock_held_waits_and_is_told(folder, monkeypatch):
    monkeypatch.setattr(runs, "LOCK_S", 0.2)
    launched(folder)
    with (runs.OWN / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        for step in (lambda: launched(folder), lambda: cancel(folder.box, "r1")):
            with pytest.raises(RefusalError, match="another control machine is launching there") as refused:
                step()
            assert refused.value.code == BUSY


# --- gate ------------------------------------------------------------------------------------------------------------


def test_a_gate_is_opened_block_by_block_and_never_shut_again(folder):
    launched(folder, gated=True)
    passed = [gate(folder.box, "r1", block) for block in (None, 1, 2, 1, 0, None, 7)]
    assert passed == [0, 1, 2, 2, 2, 2, 7]
    assert (folder.box.runs / "r1" / "turn").read_text() == "7\n"


def test_a_run_without_a_gate_has_none_afterwards(folder):
    launched(folder)
    assert gate(folder.box, "r1", 1) is None
    assert not (folder.box.runs / "r1" / "turn").exists()


def test_a_run_that_has_finished_has_no_gate(folder):
    launched(folder, gated=True)
    (folder.box.runs / "r1" / "SHA256SUMS").touch()
    assert gate(folder.box, "r1", None) is None


def test_a_gate_that_is_damaged_is_named(folder):
    launched(folder, gated=True)
    (folder.box.runs / "r1" / "turn").write_text("")
    with pytest.raises(DataError, match="turn is damaged"):
        gate(folder.box, "r1", 1)


# --- cancel ----------------------------------------------------------------------------------------------------------


def test_a_run_is_cancelled_once_and_said_to_be_again(folder):
    launched(folder)
    for _ in range(2):
        assert cancel(folder.box, "r1") == ["r1"]
        assert (folder.box.runs / "r1" / "cancelled").exists()
    assert folder.asked("disable") == ["pgladder-run@r1.service"]


def test_without_a_name_whichever_has_not_ended_is_cancelled(folder):
    launched(folder)
    folder.is_active("by-hand")
    (folder.box.runs / "by-hand").mkdir()
    assert cancel(folder.box, "") == ["by-hand", "r1"]
    assert cancel(folder.box, "") == []
    assert folder.asked("disable") == ["pgladder-run@by-hand.service", "pgladder-run@r1.service"]


def test_another_run_is_not_cancelled(folder):
    launched(folder)
    (folder.box.runs / "r2").mkdir()
    assert cancel(folder.box, "r2") == []
    assert folder.asked("disable") == []


def test_a_finished_run_is_not_cancelled(folder):
    launched(folder)
    (folder.box.runs / "r1" / "SHA256SUMS").touch()
    assert cancel(folder.box, "r1") == []


def test_a_disk_that_is_full_stops_no_cancel(folder):
    launched(folder)
    (folder.path / "full").touch()
    assert cancel(folder.box, "r1") == ["r1"]
    assert not (folder.box.runs / "r1" / "cancelled").exists()
    assert folder.asked("disable") == ["pgladder-run@r1.service"]


# --- any -------------------------------------------------------------------------------------------------------------


def test_a_run_that_is_not_there_is_refused(folder):
    for step in (lambda box: gate(box, "r1", 1), lambda box: cancel(box, "r1"), lambda box: read_plan(box, "r1")):
        with pytest.raises(RefusalError, match="there is no run r1 there") as refused:
            step(folder.box)
        assert refused.value.code == NO_SUCH_RUN


@as_root
def test_root_writes_through_no_link_that_the_user_put_there(folder, monkeypatch):
    user = pwd.getpwnam("nobody")
    folder.program("runuser", f'shift 3; exec {shlex.join(as_user("nobody"))} "$@"')  # who may read this checkout
    for path in (folder.path, *folder.path.parents[:2]):
        path.chmod(0o755)
    shutil.chown(folder.box.runs, user.pw_uid)
    victims = folder.path / "victims"
    (victims / "samples").mkdir(parents=True)
    (folder.box.runs / ".r1.part").symlink_to(victims)
    (folder.box.runs / "r2").mkdir()
    (folder.box.runs / "r2" / "cancelled").symlink_to(victims / "cancelled")
    box = SimpleNamespace(runs=folder.box.runs, cluster=SimpleNamespace(role="nobody"))
    monkeypatch.setattr(folder, "box", box)

    assert launched(folder) == "started"
    folder.is_active("r2")
    assert cancel(box, "r2") == ["r2"]
    assert [path.name for path in victims.iterdir()] == ["samples"]
    for path in (box.runs / "r1", box.runs / "r1" / "plan.json", box.runs / "r1" / "samples"):
        assert path.owner() == "nobody"


@pytest.mark.parametrize(
    "step",
    [
        launched,
        lambda folder: cancel(folder.box, "r1"),
        lambda _: units.start("r1"),
        lambda _: units.end("r1"),
    ],
    ids=["launch", "cancel", "start", "end"],
)
def test_a_service_manager_that_hangs_ends_a_step_and_nothing_is_taken_for_its_answer(folder, step):
    (folder.box.runs / "r1").mkdir()
    folder.program("systemctl", "exec sleep 60")
    folder.program("timeout", 'shift; exec /usr/bin/timeout 0.2 "$@"')
    with pytest.raises(PgladderError, match="systemctl did not answer within"):
        step(folder)


def test_a_plan_that_comes_cut_short_is_not_put_in_place(tmp_path):
    place = [sys.executable, "-m", "bench.box.place", str(tmp_path / "run"), hashlib.sha256(b"{}").hexdigest(), ""]
    done = subprocess.run(place, input=b"{", capture_output=True, check=False)
    assert done.returncode == 1
    assert b"the plan arrived incomplete" in done.stderr
    assert list(tmp_path.iterdir()) == []
