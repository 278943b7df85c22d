"""The lab itself, at the end: what a power cut loses, and what stays behind."""

import subprocess

from tests.e2e.lab import BOXES, NAME, PREFIX, Lab

BOX = BOXES[1]


def test_a_power_cut_loses_what_was_not_flushed_and_keeps_what_was(lab: Lab) -> None:
    lab.run(BOX, "echo kept >kept && sync kept && sync -f . && echo lost >lost")
    lab.cut(BOX)
    lab.up("-e", "virtual_minipc_cpu_percent=50")
    assert lab.run(BOX, "cat kept; test -s lost || echo gone").split() == ["kept", "gone"]


BUSY = "TIMEFORMAT=%U; time timeout 2 bash -c 'while :; do :; done'"


def test_a_box_gets_no_more_processor_time_than_it_may(lab: Lab) -> None:
    seconds = float(lab.run(BOX, f"({BUSY}) 2>&1 || true"))  # it was booted with half a processor
    assert 0.3 < seconds < 1.3


def test_a_smaller_lab_loses_the_boxes_above(lab: Lab) -> None:
    lab.up("-e", "lab_size=1")
    assert BOX not in (lab.files / "lab.yml").read_text()
    assert [line for line in _lines("cat", "/proc/mounts") if f"/{BOX}/" in line] == []
    assert lab.run(BOXES[0], "hostname").strip() == BOXES[0]


def test_down_leaves_no_mount_interface_rule_or_process(lab: Lab) -> None:
    lab.down()
    left = [
        *_lines("cat", "/proc/mounts"),
        *_lines("ip", "-o", "link"),
        *_lines("ip", "route"),
        *_lines("nft", "list", "ruleset"),
        *_lines("losetup", "--list"),
        *_lines("find", "/sys/fs/cgroup", "-name", f"pgladder-{PREFIX}*", "-printf", f"{NAME} %p\n"),
        *_lines("ps", "-eo", "args"),
    ]
    assert [line for line in left if NAME in line or f"vb-{PREFIX}" in line] == []


def _lines(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
