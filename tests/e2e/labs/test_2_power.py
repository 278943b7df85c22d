"""A box as soon as it is up: what a power cut loses, and what it may use; on the second box."""

import subprocess
from pathlib import Path

import pytest

from tests.e2e.lab import Lab
from tests.e2e.labs import BOXES

BOX = BOXES[1]


def test_a_power_cut_loses_what_was_not_flushed_and_keeps_what_was(lab: Lab, tmp_path: Path) -> None:
    lab.run(BOX, "echo kept >kept && sync kept && sync -f .")
    with (tmp_path / "seen").open("w") as seen:  # what goes on being written to the box's disk until the power goes
        command = [*lab.ssh(BOX), "i=0; while sleep 0.01; do i=$((i + 1)); echo $i; done | tee lost"]
        writing = subprocess.Popen(command, stdout=seen, stderr=subprocess.DEVNULL)
        lab.cut(BOX)
        writing.kill()
        writing.wait()
    lab.up("-e", "virtual_minipc_cpu_percent=50", "-e", "virtual_minipc_memory_mb=300")
    assert lab.run(BOX, "cat kept").strip() == "kept"
    last = int(lab.run(BOX, "tail -n 1 lost 2>/dev/null || true").strip("\0\n") or 0)
    whole, _, _ = (tmp_path / "seen").read_text().rpartition("\n")
    assert last < int(whole.split()[-1])


BUSY = "TIMEFORMAT=%U; time timeout 2 bash -c 'while :; do :; done'"


def test_a_box_gets_no_more_processor_time_than_it_may(lab: Lab) -> None:
    seconds = float(lab.run(BOX, f"({BUSY}) 2>&1 || true"))  # it was booted with half a processor
    assert 0 < seconds < 1.3


@pytest.mark.parametrize(("mb", "fits"), [(100, True), (400, False)])
def test_a_box_gets_no_more_memory_than_it_may(lab: Lab, mb: int, fits: bool) -> None:
    held = lab.host(BOX).run(f"head -c {mb}M /dev/zero | tail -c {mb}M | wc -c")  # tail keeps it all
    assert (int(held.stdout) == mb << 20) is fits
