"""Two boxes of one machine, block by block in turns: told apart where one may use less of the processor, not where they
are alike; whoever gives the turns may go away and come back.
"""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
import pytest

from tests.e2e.lab import BIN, limited, written
from tests.e2e.remote.control import SURE, Control, decoded

ASKED = ("--limit=lab", "--phases=2-E", "--warm-up=0.2", "--window=2")


@contextmanager
def preferred(box: str) -> Iterator[None]:
    """Let a box have its processors before whatever else runs on this machine."""
    with written(box, "cpu.shares", "16384", "cpu.weight", "1600"):
        yield


def verdict(control: Control, run: str) -> tuple[bool, str]:
    """Tell whether blocks were paired, and what came of it."""
    done = subprocess.run(
        [BIN / "pgladder", "compare-hosts", control.folder / "results" / run, "--json"],
        capture_output=True,
        check=False,
    )
    report = msgspec.json.decode(done.stdout)
    [cell] = report["cells"]
    [pair] = cell["pairs"]
    return report["paired"], pair["verdict"]


@pytest.mark.slow
def test_a_box_with_a_quarter_of_a_processor_is_told_apart(control: Control) -> None:
    with preferred(control.lab.boxes[0]), limited(control.lab.boxes[1], 25):
        control.fab("compare-hosts", "--run=unequal", "--blocks=5", *ASKED).ends(0)
    assert verdict(control, "unequal") == (True, "slower")


def test_without_anybody_who_gives_turns_boxes_wait_say_so_and_go_on_where_they_were(control: Control) -> None:
    lab = control.lab
    giving = control.fab("compare-hosts", "--run=alone", "--limit=lab", "--blocks=2", *SURE)
    giving.says("trial 1 of 2")
    giving.kill()
    for box in lab.boxes:
        lab.wait_until(box, "sudo -u pgladder pgladder box | grep 'waits at its gate'")
        lab.wait_until(box, "! pgrep -f '[b]ox follow'")  # what followed for it is gone too
    following = control.fab("follow", "--run=alone", "--limit=lab")
    following.says(f"{', '.join(lab.boxes)}: run alone is interleaved, block by block, and waits at its gate")
    following.kill(signal.SIGINT)
    said = control.fab("compare-hosts", "--run=alone", "--limit=lab").ends(0)
    assert "were interleaved block by block: rates are paired by block" in said
    for box in lab.boxes:
        records = decoded(control.records(box, "alone"))
        assert [(each.trial.block, each.attempt) for each in records] == [(1, 1), (2, 1)]


@pytest.mark.slow
def test_boxes_that_are_alike_are_not_told_apart(control: Control) -> None:
    control.fab("compare-hosts", "--run=equal", "--blocks=8", *ASKED).ends(0)
    assert verdict(control, "equal") in {(True, "undecided"), (True, "equivalent")}
