import re

import pytest

from bench.doctor.checks import CHECKS, Box, Finding, examine
from bench.model.language import speaking, tr

HEALTHY = {
    "system": "debian 12",
    "system_name": "Debian GNU/Linux 12 (bookworm)",
    "architecture": "x86_64",
    "sudo": "free",
    "sudo_group": "sudo",
    "data": "/var/lib/postgresql/15",
    "data_free_mb": "180000",
    "memory_kb": "16000000",
    "memory_limit": "",
    "cpu_limit": "",
    "cpus": "4",
    "container": "none",
    "governor": "performance",
    "throttled": "0",
    "provisioned": "abc",
    "cluster": "active",
    "fsync": "1638400 bytes (1.6 MB, 1.6 MiB) copied, 0.4 s, 4.1 MB/s",
}
SYSTEMS = {
    "debian 12": {"name": "Debian 12", "tested": True},
    "ubuntu 24.04": {"name": "Ubuntu 24.04", "tested": False},
}
SETTINGS = ["CPU governor", "swappiness", "time synchronisation"]


def box(clock_offset_s: float | None = 0.1, **other: str) -> Box:
    facts = {**HEALTHY, **other}
    table = {"systems": SYSTEMS, "processors": ["x86_64"]}
    return Box("box", facts, clock_offset_s=clock_offset_s, settings=SETTINGS, **table)


def found(check: str, *, clock_offset_s: float | None = 0.1, **other: str) -> Finding:
    findings = examine(box(clock_offset_s, **other), "abc")
    return next(one for one in findings if one.check == check)


def test_a_healthy_box_has_nothing_but_ok() -> None:
    findings = examine(box(), "abc")
    assert {one.grade for one in findings} == {"ok"}


@pytest.mark.parametrize(
    ("check", "facts", "grade"),
    [
        ("sudo", {"sudo": "sudo: a password is required"}, "ok"),
        ("sudo", {"sudo": "sudo: a password is required", "sudo_group": ""}, "unknown"),
        ("sudo", {"sudo": "probe.sh: 13: sudo: not found"}, "failure"),
        ("cluster", {"cluster": "failed"}, "failure"),
        ("system", {"system": "debian 11"}, "failure"),
        ("system", {"system": "ubuntu 24.04"}, "warning"),
        ("processor", {"architecture": "aarch64"}, "failure"),
        ("disk", {"data_free_mb": "2999"}, "failure"),
        ("disk", {"data_free_mb": "3000"}, "ok"),
        ("memory", {"memory_kb": "1000000"}, "failure"),
        ("memory", {"memory_kb": ""}, "unknown"),
        ("memory", {"memory_limit": "1073741824"}, "failure"),
        ("memory", {"memory_limit": "max"}, "ok"),
        ("memory", {"memory_limit": "9223372036854771712"}, "ok"),  # version 1: no limit
        ("processors", {"cpus": ""}, "unknown"),
        ("container", {"container": "lxc"}, "warning"),
        ("disk", {"data_free_mb": ""}, "unknown"),
        ("governor", {"governor": "powersave"}, "warning"),
        ("governor", {"governor": ""}, "unknown"),
        ("throttling", {"throttled": "3"}, "warning"),
        ("throttling", {"throttled": ""}, "unknown"),
        ("pgladder", {"provisioned": ""}, "warning"),
        ("pgladder", {"provisioned": "old"}, "failure"),
        ("sudo", {"sudo": "given"}, "ok"),
        ("fsync", {"fsync": "not measured: only root may write to /data"}, "unknown"),
        ("fsync", {"fsync": "dd: failed to open: No space left on device"}, "failure"),
    ],
)
def test_what_could_stop_or_spoil_a_run_is_graded(check: str, facts: dict[str, str], grade: str) -> None:
    assert found(check, **facts).grade == grade


@pytest.mark.parametrize(
    ("seconds", "grade"), [("0.4", "ok"), ("0.041", "ok"), ("0.039", "warning"), ("0.002", "warning")]
)
def test_a_flush_too_good_to_be_true_is_a_warning(seconds: str, grade: str) -> None:
    said = f"1638400 bytes (1.6 MB, 1.6 MiB) copied, {seconds} s, 9 MB/s"
    assert found("fsync", fsync=said).grade == grade


@pytest.mark.parametrize(("offset_s", "grade"), [(0.0, "ok"), (-1.9, "ok"), (2.1, "warning"), (None, "unknown")])
def test_a_clock_that_is_off_is_a_warning(offset_s: float | None, grade: str) -> None:
    assert found("clock", clock_offset_s=offset_s).grade == grade


def test_a_box_that_cannot_be_reached_has_one_finding() -> None:
    findings = examine(Box("box", {}, trouble="nothing answers"), "abc")
    assert findings == [Finding("SSH", "failure", "nothing answers")]


def test_a_processor_without_wheels_is_named_with_what_can_be_done() -> None:
    detail = found("processor", architecture="aarch64").detail
    assert detail.startswith("aarch64; packages that pgladder brings have wheels for x86_64 alone, so it can't be made")
    assert "by pgladder run --dsn" in detail


def test_a_refused_system_is_told_which_are_supported() -> None:
    assert found("system", system="debian 11", system_name="Debian 11").detail == (
        "Debian 11; pgladder supports Debian 12, Ubuntu 24.04; go on at your own risk with host_any_system: true"
    )


@pytest.mark.parametrize(
    ("limit", "detail"),
    [
        ("", "4"),
        ("max 100000", "4"),
        ("-1 100000", "4"),  # version 1: no quota
        ("400000 100000", "4"),
        ("150000 100000", "4, with time for 1.5 of them by its control group"),
    ],
)
def test_a_quota_of_processor_time_counts(limit: str, detail: str) -> None:
    assert found("processors", cpu_limit=limit).detail == detail


def test_what_a_control_group_leaves_of_memory_is_what_counts() -> None:
    assert found("memory", memory_limit=str(4 << 30)).detail == "4096 MB, by its control group"


def test_a_container_is_called_what_it_is_and_lists_what_is_void() -> None:
    assert found("container", container="lxc").detail == (
        "an LXC container, as Proxmox VE makes them, shares the kernel of its host;"
        " void here are CPU governor, swappiness, time synchronisation; set them on the machine that runs it"
    )
    assert found("container", container="rkt").detail.startswith("a container (rkt) shares the kernel")


def test_what_is_found_is_told_in_korean_but_for_names_and_figures() -> None:
    other = {
        "sudo": "sudo: not found",
        "throttled": "3",
        "governor": "",
        "container": "lxc",
        "cpu_limit": "150000 100000",
    }
    with speaking("ko"):
        findings = examine(box(-9.0, **other), "def")
        checks = {one.check: tr(CHECKS.get(one.check, one.check)) for one in findings}
    names = {one.check for one in findings if not re.search("[가-힣]", one.detail)}
    assert names == {"system", "processor", "memory", "cluster"}
    assert {check for check, shown in checks.items() if check == shown} == {
        "SSH",
        "sudo",
        "governor",
        "fsync",
        "pgladder",
    }
