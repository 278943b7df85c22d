"""The connection is cut in the middle of every step, in each of three ways: it is told, and the step is done once.

Following is cut in ``test_2_faults``. Here the others are cut all at once, as finding out takes ten seconds: a launch
and a status on one box, a cancel and a pull on the other, each of them stopped there in the middle of what it does.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.lab import Lab
from tests.e2e.remote.control import PATIENCE_S, RUNS, SHORT, SURE, Control, Fab, Large, decoded, wait_until
from tests.examples import slow

STEPS = ("launch", "status", "cancel", "pull")


@dataclass
class Cut:
    """What was cut, and what there was before."""

    way: str
    steps: dict[str, Fab]
    before: bytes
    """Records of the run that was being cancelled."""

    @property
    def launched(self) -> str:
        return f"launched-{self.way}"

    @property
    def cancelled(self) -> str:
        return f"cancelled-{self.way}"


def drop_packets(lab: Lab, control: Control) -> Callable[[], object]:
    for box in lab.boxes:
        control.drop_packets(box)
    return control.mend_network


def kill_sessions(lab: Lab, control: Control) -> Callable[[], object]:
    for box in lab.boxes:
        control.kill_sessions(box)
    return lambda: None


def cut_power(lab: Lab, control: Control) -> Callable[[], object]:
    for box in lab.boxes:
        control.stop_what_waits(box)
    control.cut_power(*lab.boxes)
    return lab.up


@pytest.fixture(
    scope="module",
    params=[slow(way) for way in (kill_sessions, drop_packets, cut_power)],
    ids=lambda way: way.__name__,
)
def cut(request: pytest.FixtureRequest, lab: Lab, control: Control, large: Large) -> Iterator[Cut]:
    one, other = lab.boxes
    cut = Cut(request.param.__name__.replace("_", "-"), {}, b"")
    control.fab("launch", f"--limit={other}", "--blocks=400", f"--run={cut.cancelled}", "--yes=1", *SURE).ends(0)
    samples = control.results(large.name, other).path / "samples"
    shutil.rmtree(samples, ignore_errors=True)
    cut.before = control.records(other, cut.cancelled)
    packing = control.stopped_in_the_middle(other, "box --pack", large.files // 3 * 1_000_000)
    with control.launching_held_up(one, other):
        with packing, control.stopped_in_the_middle(one, "box --json"):
            cut.steps["pull"] = control.fab("pull", f"--limit={other}", f"--run={large.name}")
            cut.steps["status"] = control.fab("status", f"--limit={one}")
        wait_until(lambda: len(list(samples.glob("*.jsonl"))) > 3, "some files came")
        # The others last: those give up after a minute without an answer, these after 20 s of waiting for one another.
        cut.steps["launch"] = control.fab("launch", f"--limit={one}", "--blocks=1", f"--run={cut.launched}", *SHORT)
        cut.steps["cancel"] = control.fab("cancel", f"--limit={other}", f"--run={cut.cancelled}")
        control.waits(one)
        control.waits(other)
        mend = request.param(lab, control)
        for step, box in zip(STEPS, (one, one, other, other), strict=True):
            cut.steps[step].says(f"{box}: the connection was lost")
        mend()
    for step in cut.steps.values():
        step.process.wait(PATIENCE_S)
    yield cut
    for box in lab.boxes:
        control.end_what_was_stopped(box)


@pytest.mark.parametrize("step", STEPS)
def test_it_is_told_and_the_step_is_done(cut: Cut, step: str) -> None:
    assert cut.steps[step].said.count("the connection was lost") in (1, 2)  # who connects again at once may be cut too
    cut.steps[step].ends(0)


def test_what_was_launched_is_started_once_and_comes_to_its_end(cut: Cut, lab: Lab, control: Control) -> None:
    lab.wait_until(lab.boxes[0], f"sudo test -e {RUNS}/{cut.launched}/SHA256SUMS")
    assert control.starts(lab.boxes[0], cut.launched) == 1
    [record] = decoded(control.records(lab.boxes[0], cut.launched))
    assert record.attempt == 1


def test_what_was_cancelled_has_ended_and_nothing_of_it_is_lost(cut: Cut, lab: Lab, control: Control) -> None:
    box = lab.boxes[1]
    assert f"{box}: cancelled {cut.cancelled}; what was recorded is kept." in cut.steps["cancel"].said
    assert not control.is_active(box, cut.cancelled)
    assert not control.is_enabled(box, cut.cancelled)
    after = control.records(box, cut.cancelled)
    assert after.startswith(cut.before)
    assert [record.trial.number for record in decoded(after) if record.validity.state != "void"]


def test_what_was_pulled_is_whole(cut: Cut, lab: Lab, control: Control, large: Large) -> None:
    assert cut.steps["pull"].said.count("new files") == 1
    assert large.is_whole(control.results(large.name, lab.boxes[1]).path)


def test_a_status_tells_of_the_box(cut: Cut, lab: Lab) -> None:
    assert f"box pgladder free run trials {lab.boxes[0]}" in cut.steps["status"].said
