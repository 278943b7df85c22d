"""The lab itself: what is refused, and that nothing stays behind."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.lab import CHECKOUT, COMMON, Lab, lines
from tests.e2e.labs import BOXES
from tests.e2e.remote.control import wait_until
from tests.examples import one_of

BOX = BOXES[1]
SILENT = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)


def test_a_smaller_lab_loses_the_boxes_above(lab: Lab) -> None:
    lab.up("-e", "lab_size=1")
    assert BOX not in (lab.files / "lab.yml").read_text()
    assert [line for line in lines("cat", "/proc/mounts") if f"/{BOX}/" in line] == []
    assert lab.run(BOXES[0], "hostname").strip() == BOXES[0]


@pytest.mark.parametrize("size", one_of("0", "201", "two"))
def test_a_size_no_lab_has_is_refused(lab: Lab, size: str) -> None:
    said = subprocess.run([*lab.command("lab-up"), *lab.variables, "-e", f"lab_size={size}"], check=False, **COMMON)
    assert said.returncode != 0
    assert f"N (lab_size) is {size}; it is a whole number from 1 to 200" in " ".join(said.stdout.split())


def test_the_power_of_a_box_that_is_not_there_cannot_be_cut(lab: Lab) -> None:
    cut = [*lab.command("lab-cut"), *lab.variables, "-e", "virtual_minipc_name=wrong"]
    said = subprocess.run(cut, check=False, **COMMON)
    assert said.returncode != 0
    assert f"wrong: there is no such box in this lab; it has: {BOXES[0]}" in said.stdout


def test_down_names_who_holds_a_disk(lab: Lab) -> None:
    root = Path(f"/var/lib/{lab.name}-lab/{BOXES[0]}/root")
    with subprocess.Popen(["sleep", "600"], cwd=root) as holder:
        said = subprocess.run([*lab.command("lab-down"), *lab.variables], check=False, **COMMON)
        holder.kill()
    assert said.returncode != 0
    told = " ".join(said.stdout.split())
    assert "disk.img is in use by " in told
    assert f"sleep (process {holder.pid})" in told


def test_down_leaves_no_mount_interface_rule_or_process(lab: Lab) -> None:
    lab.down()
    assert lab.left() == []


def test_down_leaves_nothing_of_a_lab_that_was_cut_off_while_it_came_up(lab: Lab) -> None:
    up = subprocess.Popen(lab.command("lab-up", *lab.variables), cwd=CHECKOUT, start_new_session=True, **SILENT)
    interface = Path(f"/sys/class/net/vb-{BOX}")
    wait_until(interface.exists, "the box is started")
    os.killpg(up.pid, signal.SIGKILL)
    up.wait()
    lab.down()
    assert lab.left() == []


NO_USER_NAMESPACES = subprocess.run(["unshare", "--user", "true"], check=False, **SILENT).returncode != 0


@pytest.mark.skipif(NO_USER_NAMESPACES, reason="in a changed root there are no user namespaces")
def test_without_root_it_says_that_root_is_needed(lab: Lab) -> None:
    nobody = ["unshare", "--user", *lab.command("lab-up", *lab.variables)]
    said = subprocess.run(nobody, check=False, **COMMON)
    assert said.returncode != 0
    assert "which only root may make; run this as root" in " ".join(said.stdout.split())
