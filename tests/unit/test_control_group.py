"""The memory that control groups leave, version 1 and 2."""

from pathlib import Path

import pytest

from bench.control_group import memory_limit_bytes
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
