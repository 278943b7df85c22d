"""Two boxes beside each other: told apart where one may use less of the processor, not where they are alike."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from tests.e2e.lab import BIN
from tests.e2e.remote.control import ROOT, Control

ASKED = ("--limit=lab", "--phases=2-E", "--warm-up=0.2", "--window=2")
PERIOD_US = 100_000


@contextmanager
def limited(box: str, percent: int) -> Iterator[None]:
    """Let a box have so much of one processor, as ``virtual_minipc_cpu_percent`` does."""
    groups = Path("/sys/fs/cgroup")
    old = next(groups.glob(f"cpu*/pgladder-{box}/cpu.cfs_quota_us"), None)
    file = old or groups / f"pgladder-{box}" / "cpu.max"
    before = file.read_text()
    quota = percent * PERIOD_US // 100
    _write(file, f"{quota}" if old else f"{quota} {PERIOD_US}")
    yield
    _write(file, before)


def _write(file: Path, text: str) -> None:
    subprocess.run([*ROOT, "tee", file], input=text, text=True, check=True, stdout=subprocess.DEVNULL)


def verdict(control: Control, run: str) -> str:
    done = subprocess.run(
        [BIN / "pgladder", "compare-hosts", control.folder / "results" / run, "--json"],
        capture_output=True,
        check=False,
    )
    [cell] = msgspec.json.decode(done.stdout)["cells"]
    [pair] = cell["pairs"]
    return pair["verdict"]


def test_a_box_with_a_fifth_of_a_processor_is_told_apart(control: Control) -> None:
    with limited("rm2", 20):  # half of one is what a busy machine may leave to the other
        control.fab("compare-hosts", "--run=unequal", "--blocks=5", *ASKED).ends(0)
    assert verdict(control, "unequal") == "slower"


@pytest.mark.slow
def test_boxes_that_are_alike_are_not_told_apart(control: Control) -> None:
    control.fab("compare-hosts", "--run=equal", "--blocks=8", *ASKED).ends(0)
    assert verdict(control, "equal") in {"undecided", "equivalent"}
