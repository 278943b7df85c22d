"""One run on two boxes, through everything that can happen to it: nothing recorded is lost, nothing is run twice."""

import signal
from dataclasses import dataclass
from itertools import groupby

import pytest

from bench.agent.run import remaining
from bench.results.read import read
from bench.store.run_directory import RunDirectory
from tests.e2e.lab import Lab
from tests.e2e.remote.control import PATIENCE_S, RUNS, SHORT, Control, Fab, codes, decoded, wait_until

RUN, BLOCKS = "weathered", 30
CLOCK = """
import os, time
real = time.time
time.time = lambda: real() - (30 if os.path.exists("/run/clock-was-set") else 0)
"""
PACKAGES = "/opt/pgladder/current/lib/python3.11/site-packages"
ADD_CLOCK = f"""
echo '{CLOCK}' | sudo tee {PACKAGES}/clock_of_tests.py >/dev/null
echo 'import clock_of_tests' | sudo tee {PACKAGES}/clock_of_tests.pth >/dev/null
"""
# Also what is kept for root: a box's overlay writes as root. Tables that go leave room again: until the agent gave up.
FILL = f"""
n=0
while systemctl --quiet is-active pgladder-run@{RUN}; do
  n=$((n + 1))
  sudo fallocate -l "$(($(stat -f -c '%f * %S' /var)))" /var/filler-$n 2>/dev/null || sleep 0.1
done
"""
# While rows are written: between two trials nobody would notice.
SWITCH_CLOCK = """
writing="SELECT 1 FROM pg_stat_activity WHERE query LIKE 'INSERT INTO %.events%' AND state = 'active'"
until sudo -u pgladder psql -XAtqh /run/pgladder -p 5544 -c "$writing" postgres | grep -q 1; do :; done
sudo touch /run/clock-was-set
"""


@dataclass
class Story:
    """What was said and seen on the way."""

    first: str
    status: str
    last: str
    before: dict[str, bytes]
    """Records of each box at some moment on the way."""


@pytest.fixture(scope="module")
def story(lab: Lab, control: Control) -> Story:
    lab.run("rm2", ADD_CLOCK)  # a box's clock is this machine's: it is set as far as the agent can tell
    first = control.fab("ladder", "--limit=lab", f"--blocks={BLOCKS}", f"--run={RUN}", *SHORT)
    first.says("rm1: trial 1 of")
    first.says("rm2: trial 1 of")

    control.drop_packets("rm1")
    control.kill_sessions("rm2")
    first.says("rm2: the connection was lost")
    asking = control.fab("status", "--limit=lab")  # ten seconds, until it is known that the first box does not answer
    lab.run("rm2", SWITCH_CLOCK)
    lab.wait_until("rm2", f"sudo grep -q clock-stepped {RUNS}/{RUN}/trials.jsonl")
    lab.run("rm2", FILL)
    first.says(f"rm2: run {RUN} stopped before its end")
    status = asking.ends(1)
    first.says("rm1: the connection was lost")
    control.mend_network()
    _is_followed(first)

    lab.cut("rm1")
    lab.up()
    _is_followed(first)
    before = {box: control.records(box, RUN) for box in lab.boxes}
    first.kill(signal.SIGKILL)
    lab.run("rm2", "sudo rm /var/filler-*")
    last = control.fab("ladder", "--limit=lab", f"--run={RUN}", *SHORT)
    last.process.wait(PATIENCE_S)
    return Story(first.said, status, last.said, before)


def _is_followed(following: Fab) -> None:
    """Wait for news of the first box."""
    seen = following.said.count("rm1: trial")
    wait_until(lambda: following.said.count("rm1: trial") > seen, f"news of rm1 in {following.said}")


def test_a_lost_connection_is_told_and_taken_up_again(story: Story) -> None:
    assert story.first.count("rm1: the connection was lost") == 2  # the network, the power
    assert "rm2: the connection was lost" in story.first


def test_a_box_that_is_not_there_is_named_and_the_other_answers(story: Story) -> None:
    assert f"{RUN} " in story.status
    assert "rm1: can't be reached" in story.status
    assert "(exit code 1)" in story.status


def test_a_box_that_lost_power_goes_on_by_itself_and_is_followed_again(story: Story, lab: Lab) -> None:
    assert "rm1: run weathered under way." in story.last or "rm1: run weathered finished." in story.last
    records = decoded(lab.run("rm1", f"sudo cat {RUNS}/{RUN}/trials.jsonl").encode())
    assert ["agent-ended" in codes(record) for record in records].count(True) == 1


def test_a_full_disk_is_told_and_the_run_is_gone_on_with_when_there_is_room(story: Story) -> None:
    assert "its disk is full" in story.first
    assert f"rm2: run {RUN} resumed." in story.last
    assert f"rm2: run {RUN} finished." in story.last


@pytest.mark.parametrize("box", ["rm1", "rm2"])
def test_nothing_recorded_is_lost_and_nothing_is_run_twice(story: Story, control: Control, box: str) -> None:
    directory = control.results(RUN, box)
    assert (directory.path / "trials.jsonl").read_bytes().startswith(story.before[box])
    assert directory.check_sums()
    records = directory.records()
    assert remaining(directory.plan(), records) == []
    cut = {"agent-ended", "interrupted"}
    for trial, attempts in groupby(sorted(records, key=lambda each: each.key), lambda each: each.trial.number):
        *earlier, last = attempts
        assert all(cut & codes(record) for record in earlier), f"trial {trial} was run twice"
        assert not cut & codes(last)
    assert {record.trial.number for record in records} == set(range(1, BLOCKS + 1))


@pytest.mark.usefixtures("story")
def test_a_clock_that_was_set_voids_one_trial(control: Control) -> None:
    stepped = [record for record in control.results(RUN, "rm2").records() if "clock-stepped" in codes(record)]
    assert len(stepped) == 1


def test_what_was_pulled_is_what_the_box_has_and_the_page_is_no_part_of_it(story: Story, control: Control) -> None:
    assert f"Page: results/{RUN}/report.html" in story.last
    for box in ("rm1", "rm2"):
        assert read(RunDirectory(control.folder / "results" / RUN / box)).sealed
    control.fab("pull", "--limit=lab", f"--run={RUN}").ends(0)
