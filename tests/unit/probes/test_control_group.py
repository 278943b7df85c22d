"""The memory and the CPU time that control groups leave, version 1 and 2."""

from pathlib import Path

import pytest

from bench.model.readings import Throttling
from bench.probes.allowance import allowance_facts, usable_cpus
from bench.probes.control_group import cpu_quota_cores, cpus_allowed, memory_limit_bytes, throttling
from bench.probes.memory import memory_facts


def limits(root: Path, of_process: str, name: str, by_group: dict[str, object]) -> Path:
    """Lay out a host whose groups have these limits."""
    files = {f"sys/fs/cgroup/{group}/{name}": f"{text}\n" for group, text in by_group.items()}
    for path, text in ({"proc/self/cgroup": of_process} | files).items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


UNLIMITED_V1 = 9223372036854771712
V2, OWN, SLICE = "0::/system.slice/own.service\n", "system.slice/own.service", "system.slice"


@pytest.mark.parametrize(
    ("by_group", "least"),
    [
        ({OWN: 4096 << 20, SLICE: "max"}, 4096 << 20),
        ({OWN: "max", SLICE: 512 << 20}, 512 << 20),
        ({OWN: 4096 << 20, SLICE: 512 << 20, ".": 8 << 30}, 512 << 20),
        ({OWN: "max", SLICE: "max"}, None),
        ({".": 1 << 30}, 1 << 30),  # in a container, to which the path is its host's
        ({"other.slice": 1}, None),
    ],
)
def test_the_least_of_a_group_and_those_above_it_counts(tmp_path, by_group, least):
    root = limits(tmp_path, V2, "memory.max", by_group)
    assert memory_limit_bytes(root) == least
    assert memory_facts(root)["control_group_limit_bytes"] == (least or "none")


@pytest.mark.parametrize(
    ("by_group", "least"),
    [
        ({"memory/box": 2 << 30, "memory": UNLIMITED_V1}, 2 << 30),
        ({"memory/box": UNLIMITED_V1}, None),
        ({"cpu": 1}, None),
    ],
)
def test_so_it_is_in_version_1_where_memory_has_a_tree_of_its_own(tmp_path, by_group, least):
    text = "9:name=systemd:/\n4:hugetlb,memory:/box\n1:cpu:/\n0::/\n"
    assert memory_limit_bytes(limits(tmp_path, text, "memory.limit_in_bytes", by_group)) == least


def test_what_cannot_be_told_is_said(tmp_path):
    def fact() -> object:
        return memory_facts(tmp_path)["control_group_limit_bytes"]

    assert fact().unreadable == "no control groups here"
    limits(tmp_path, V2, "memory.max", {OWN: "much"})
    assert fact().unreadable.startswith("a control group has unexpected content: ")


# --- CPU time --------------------------------------------------------------------------------------------------------


def files(root: Path, by_path: dict[str, str]) -> Path:
    """Lay out files under a root."""
    for path, text in by_path.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"{text}\n")
    return root


STAT_V2 = "usage_usec 9000000\nnr_periods {}\nnr_throttled {}\nthrottled_usec 1234567"
STAT_V1 = "nr_periods {}\nnr_throttled {}\nthrottled_time 1234567890"
GROUPS = "sys/fs/cgroup"
NO_QUOTA = "max 100000"


@pytest.mark.parametrize(
    ("by_group", "cores"),
    [
        ({OWN: "40000 100000", SLICE: NO_QUOTA}, 0.4),
        ({OWN: NO_QUOTA, SLICE: "150000 100000"}, 1.5),
        ({OWN: "300000 100000", SLICE: "150000 100000", ".": "50000 20000"}, 1.5),
        ({".": "200000 100000"}, 2),  # in a container, to which the path is its host's
        ({OWN: NO_QUOTA, SLICE: NO_QUOTA}, None),
        ({"other.slice": "1000 100000"}, None),
    ],
)
def test_the_smallest_quota_of_a_group_and_those_above_it_counts(tmp_path, by_group, cores):
    root = limits(tmp_path, V2, "cpu.max", by_group)
    assert cpu_quota_cores(root) == cores
    assert allowance_facts(root)["quota_cores"] == (cores or "none")


@pytest.mark.parametrize(
    ("controllers", "tree"), [("cpu", "cpu"), ("cpu,cpuacct", "cpu,cpuacct"), ("cpu,cpuacct", "cpu")]
)
def test_so_it_is_in_version_1_whatever_its_tree_is_called(tmp_path, controllers, tree):
    files(tmp_path, {"proc/self/cgroup": f"4:memory:/box\n2:{controllers}:/box/in\n1:cpuset:/\n0::/"})
    groups = {"box/in": "-1", "box": "40000", ".": "-1"}
    files(tmp_path, {f"{GROUPS}/{tree}/{group}/cpu.cfs_quota_us": quota for group, quota in groups.items()})
    files(tmp_path, {f"{GROUPS}/{tree}/{group}/cpu.cfs_period_us": "100000" for group in groups})
    files(tmp_path, {f"{GROUPS}/{tree}/{group}/cpu.stat": STAT_V1.format(30, 27) for group in groups})
    assert cpu_quota_cores(tmp_path) == 0.4
    assert list(throttling(tmp_path).values()) == [Throttling(cores=0.4, periods=30, throttled=27)]


def test_what_a_quota_did_is_told_of_each_group_that_has_one(tmp_path):
    limits(tmp_path, V2, "cpu.max", {OWN: "40000 100000", SLICE: NO_QUOTA, ".": "150000 100000"})
    limits(
        tmp_path, V2, "cpu.stat", {OWN: STAT_V2.format(30, 27), SLICE: STAT_V2.format(0, 0), ".": STAT_V2.format(9, 0)}
    )
    assert throttling(tmp_path) == {
        str(tmp_path / GROUPS / OWN): Throttling(cores=0.4, periods=30, throttled=27),
        str(tmp_path / GROUPS): Throttling(cores=1.5, periods=9, throttled=0),
    }


def test_another_process_may_be_in_another_group(tmp_path):
    limits(tmp_path, V2, "cpu.max", {OWN: NO_QUOTA, "server": "50000 100000"})
    files(tmp_path, {"proc/77/cgroup": "0::/server", "proc/77/status": "Cpus_allowed_list:\t0-3"})
    assert (cpu_quota_cores(tmp_path), cpu_quota_cores(tmp_path, 77)) == (None, 0.5)
    assert usable_cpus(tmp_path, 77) == 1


@pytest.mark.parametrize(
    ("quota", "allowed", "usable"),
    [(NO_QUOTA, "0-3", 4), ("40000 100000", "0-3", 1), ("150000 100000", "0-3", 2), (NO_QUOTA, "1", 1),
     ("800000 100000", "0,2-3", 3)],
)  # fmt: skip
def test_usable_is_what_quota_and_affinity_leave(tmp_path, quota, allowed, usable):
    files(
        limits(tmp_path, V2, "cpu.max", {OWN: quota}), {"proc/self/status": f"Name:\tx\nCpus_allowed_list:\t{allowed}"}
    )
    facts = allowance_facts(tmp_path)
    assert (facts["affinity"], facts["usable_cpus"]) == (allowed, usable)


def test_the_processors_of_a_group_are_told_where_it_has_some_of_its_own(tmp_path):
    assert allowance_facts(limits(tmp_path, V2, "cpuset.cpus.effective", {}))["cpuset"] == "none"
    limits(tmp_path, V2, "cpuset.cpus.effective", {SLICE: "0-1", ".": "0-3"})
    assert cpus_allowed(tmp_path) == "0-1"


def test_where_nothing_can_be_read_of_a_process_every_fact_says_so(tmp_path):
    assert all(fact.unreadable for fact in allowance_facts(tmp_path, 77).values())
    limits(tmp_path, V2, "cpu.max", {OWN: "much"})
    assert allowance_facts(tmp_path)["quota_cores"].unreadable.startswith("a control group has unexpected content: ")
