"""The lab itself, at the end: what a power cut loses, and what stays behind."""

import subprocess

from tests.e2e.lab import Lab

BOX = "e2e2"


def test_a_power_cut_loses_what_was_not_flushed_and_keeps_what_was(lab: Lab) -> None:
    lab.run(BOX, "echo kept >kept && sync kept && sync -f . && echo lost >lost")
    lab.cut(BOX)
    lab.up()
    assert lab.run(BOX, "cat kept; test -s lost || echo gone").split() == ["kept", "gone"]


def test_down_leaves_no_mount_interface_rule_or_process(lab: Lab) -> None:
    lab.down()
    left = [
        *_lines("cat", "/proc/mounts"),
        *_lines("ip", "-o", "link"),
        *_lines("ip", "route"),
        *_lines("nft", "list", "ruleset"),
        *_lines("losetup", "--list"),
        *_lines("ps", "-eo", "args"),
    ]
    assert [line for line in left if "pgladder-e2e" in line or "vb-e2e" in line] == []


def _lines(*command: str) -> list[str]:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
