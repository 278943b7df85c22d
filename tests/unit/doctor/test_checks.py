import pytest

from bench.doctor.checks import Box, Finding, examine

HEALTHY = {
    "system": "debian 12",
    "system_name": "Debian GNU/Linux 12 (bookworm)",
    "architecture": "x86_64",
    "sudo": "free",
    "sudo_group": "sudo",
    "data": "/var/lib/postgresql/15",
    "data_free_mb": "180000",
    "memory_kb": "16000000",
    "container": "none",
    "governor": "performance",
    "throttled": "0",
    "provisioned": "abc",
    "cluster": "active",
    "fsync": "1638400 bytes (1.6 MB, 1.6 MiB) copied, 0.4 s, 4.1 MB/s",
}


def found(check: str, *, clock_offset_s: float | None = 0.1, **other: str) -> Finding:
    findings = examine(Box("box", {**HEALTHY, **other}, clock_offset_s=clock_offset_s), "abc")
    return next(one for one in findings if one.check == check)


def test_a_healthy_box_has_nothing_but_ok() -> None:
    findings = examine(Box("box", HEALTHY, clock_offset_s=0.1), "abc")
    assert {one.grade for one in findings} == {"ok"}


@pytest.mark.parametrize(
    ("check", "facts", "grade"),
    [
        ("sudo", {"sudo": "sudo: a password is required"}, "ok"),
        ("sudo", {"sudo": "sudo: a password is required", "sudo_group": ""}, "unknown"),
        ("sudo", {"sudo": "probe.sh: 13: sudo: not found"}, "failure"),
        ("cluster", {"cluster": "failed"}, "failure"),
        ("system", {"system": "debian 13"}, "failure"),
        ("architecture", {"architecture": "riscv64"}, "failure"),
        ("disk", {"data_free_mb": "2999"}, "failure"),
        ("disk", {"data_free_mb": "3000"}, "ok"),
        ("memory", {"memory_kb": "1000000"}, "failure"),
        ("memory", {"memory_kb": ""}, "unknown"),
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
