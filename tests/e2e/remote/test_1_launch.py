"""Starting, following, ending: what is cut off in the middle, done twice, or done by two at once."""

import signal
from pathlib import Path

import pytest

from tests.e2e.lab import Lab
from tests.e2e.remote.control import PATIENCE_S, RUNS, SURE, Control, codes

BOX = "rm1"


def test_a_box_whose_host_key_is_not_the_recorded_one_is_not_talked_to(
    lab: Lab, control: Control, tmp_path: Path
) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(f"{lab.address('rm2')} {lab.run('rm1', 'cat /etc/ssh/ssh_host_ed25519_key.pub')}")
    inventory = tmp_path / "lab.yml"
    inventory.write_text((lab.files / "lab.yml").read_text().replace(str(lab.files / "keys/known_hosts"), str(known)))
    said = control.fab("status", "--limit=lab", inventory=inventory).ends(2)
    assert "rm1: its host key is not recorded yet: make trust (exit code 2)" in said
    assert "rm2: its host key is not the one recorded; if it was reinstalled: make trust (exit code 2)" in said


def test_what_can_not_be_done_is_refused_for_each_box_and_says_why(control: Control) -> None:
    large = control.fab("launch", "--limit=lab", "--window=100000")
    unknown = control.fab("pull", "--limit=lab", "--run=nothing")
    said = large.ends(2)
    assert "rm1: its disk has" in said
    assert "rm2: its disk has" in said
    assert "rm2: there is no run nothing there (exit code 2)" in unknown.ends(2)


@pytest.fixture(scope="module")
def winner(control: Control) -> str:
    """Two control machines launch at once, and their connections are cut in the middle of it."""
    with control.launching_held_up(BOX):
        both = {
            run: control.fab("launch", f"--limit={BOX}", "--blocks=400", f"--run={run}", "--yes=1", *SURE)
            for run in "ab"
        }
        control.waits(BOX, 2)
        control.kill_sessions(BOX)
        for each in both.values():
            each.says("rm1: the connection was lost")
    codes = {run: each.process.wait(PATIENCE_S) for run, each in both.items()}
    assert sorted(codes.values()) == [0, 2], [each.said for each in both.values()]
    [won] = [run for run, code in codes.items() if code == 0]
    [lost] = [run for run, code in codes.items() if code == 2]
    assert f"rm1: run {won} has not ended there" in both[lost].said
    return won


def test_of_two_control_machines_one_starts_its_run_once_and_the_other_is_told_who(
    lab: Lab, control: Control, winner: str
) -> None:
    assert control.starts(BOX, winner) == 1
    assert [run for run in "ab" if lab.run(BOX, f"sudo ls {RUNS}").split().count(run)] == [winner]
    assert f"rm1: run {winner} under way." in control.fab("launch", f"--limit={BOX}", f"--run={winner}").ends(0)
    assert control.starts(BOX, winner) == 1


def test_ctrl_c_stops_the_following_and_not_the_run(control: Control, winner: str) -> None:
    following = control.fab("follow", f"--limit={BOX}")
    following.says("rows/s")
    following.process.send_signal(signal.SIGINT)
    said = following.ends(1)
    assert f"Not followed any more; what was started goes on. Again: make ladder RUN={winner}" in said
    assert control.is_active(BOX, winner)


def test_a_cancel_that_is_cut_off_in_the_middle_is_carried_out_once(control: Control, winner: str) -> None:
    with control.launching_held_up(BOX):
        cancel = control.fab("cancel", f"--limit={BOX}")
        control.waits(BOX)
        control.kill_sessions(BOX)
        cancel.says("rm1: the connection was lost")
    cancel.ends(0)
    assert not control.is_active(BOX, winner)
    assert not control.is_enabled(BOX, winner)


def test_a_cancelled_run_is_pulled_as_what_it_is(control: Control, winner: str) -> None:
    said = control.fab("pull", f"--limit={BOX}", f"--run={winner}").ends(0)
    assert "the run has not come to its end" in said
    directory = control.results(winner, BOX)
    *before, last = directory.records()
    assert "interrupted" in codes(last)
    assert [record.trial.number for record in before] == list(range(1, last.trial.number))
    assert directory.path.joinpath("trials.jsonl").read_bytes() == control.records(BOX, winner)
