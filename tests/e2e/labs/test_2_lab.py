"""The lab itself: what a power cut loses, and what stays behind."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.lab import CHECKOUT, COMMON, Lab
from tests.e2e.labs import BOXES
from tests.e2e.remote.control import wait_until

BOX = BOXES[1]
SILENT = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)


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
    assert 0.3 < seconds < 1.3


@pytest.mark.parametrize(("mb", "fits"), [(100, True), (400, False)])
def test_a_box_gets_no_more_memory_than_it_may(lab: Lab, mb: int, fits: bool) -> None:
    held = lab.host(BOX).run(f"head -c {mb}M /dev/zero | tail -c {mb}M | wc -c")  # tail keeps it all
    assert (int(held.stdout) == mb << 20) is fits


def test_a_smaller_lab_loses_the_boxes_above(lab: Lab) -> None:
    lab.up("-e", "lab_size=1")
    assert BOX not in (lab.files / "lab.yml").read_text()
    assert [line for line in _lines("cat", "/proc/mounts") if f"/{BOX}/" in line] == []
    assert lab.run(BOXES[0], "hostname").strip() == BOXES[0]


@pytest.mark.parametrize("size", ["0", "201", "two"])
def test_a_size_no_lab_has_is_refused(lab: Lab, size: str) -> None:
    said = subprocess.run([*lab.command("lab-up"), *lab.variables, "-e", f"lab_size={size}"], check=False, **COMMON)
    assert said.returncode != 0
    assert f"N (lab_size) is {size}; it is a whole number from 1 to 200" in " ".join(said.stdout.split())


def test_the_power_of_a_box_that_is_not_there_cannot_be_cut(lab: Lab) -> None:
    cut = [*lab.command("lab-cut"), *lab.variables, "-e", "virtual_minipc_name=wrong"]
    said = subprocess.run(cut, check=False, **COMMON)
    assert said.returncode != 0
    assert f"wrong: there is no such box in this lab; it has: {BOXES[0]}" in said.stdout


def test_down_leaves_no_mount_interface_rule_or_process(lab: Lab) -> None:
    lab.down()
    assert left_of(lab) == []


def test_down_leaves_nothing_of_a_lab_that_was_cut_off_while_it_came_up(lab: Lab) -> None:
    up = subprocess.Popen(lab.command("lab-up", *lab.variables), cwd=CHECKOUT, start_new_session=True, **SILENT)
    interface = Path(f"/sys/class/net/vb-{BOX}")
    wait_until(interface.exists, "the box is started")
    os.killpg(up.pid, signal.SIGKILL)
    up.wait()
    lab.down()
    assert left_of(lab) == []


NO_USER_NAMESPACES = subprocess.run(["unshare", "--user", "true"], check=False, **SILENT).returncode != 0


@pytest.mark.skipif(NO_USER_NAMESPACES, reason="in a changed root there are no user namespaces")
def test_without_root_it_says_that_root_is_needed(lab: Lab) -> None:
    nobody = ["unshare", "--user", *lab.command("lab-up", *lab.variables)]
    said = subprocess.run(nobody, check=False, **COMMON)
    assert said.returncode != 0
    assert "which only root may make; run this as root" in " ".join(said.stdout.split())


def left_of(lab: Lab) -> list[str]:
    left = [
        *_lines("cat", "/proc/mounts"),
        *_lines("ip", "-o", "link"),
        *_lines("ip", "route"),
        *_lines("nft", "list", "ruleset"),
        *_lines("losetup", "--list"),
        *_lines("find", "/sys/fs/cgroup", "-name", f"pgladder-{lab.prefix}*", "-printf", f"{lab.name} %p\n"),
        *_lines("ps", "-eo", "args"),
    ]
    return [line for line in left if lab.name in line or f"vb-{lab.prefix}" in line]


def _lines(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
