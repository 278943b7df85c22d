"""Boxes are controlled from macOS too: nothing on the way to them is of Linux alone. It is not run there."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3] / "bench"
LINUX_ALONE = {
    *("pidfd_open", "sched_getaffinity", "sched_setaffinity", "memfd_create", "eventfd", "splice", "copy_file_range"),
    *(
        "O_TMPFILE",
        "O_PATH",
        "O_DIRECT",
        "SO_PEERCRED",
        "AF_NETLINK",
        "epoll",
        "prlimit",
        "posix_fallocate",
        "getresuid",
    ),
}
"""Of os, select, signal and socket: what Python's documentation says to be there on Linux, and not on macOS."""


def linux_alone(text: str) -> list[str]:
    """List what a module uses that macOS lacks, strings that name /proc or /sys among it."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Attribute) and node.attr in LINUX_ALONE:
            found.append(node.attr)
        if isinstance(node, ast.Constant) and str(node.value).startswith(("/proc", "/sys/", "\0")):
            found.append(repr(node.value))
    return found


def test_what_is_of_linux_alone_is_found():
    assert linux_alone('os.pidfd_open(1); Path("/proc", "1"); lock.bind("\\0abstract")') == [
        "pidfd_open",
        "'/proc'",
        "'\\x00abstract'",
    ]


@pytest.mark.parametrize("room", ["remote", "doctor", "results", "analysis", "report", "store"])
def test_nothing_on_the_way_to_a_box_and_back_is_of_linux_alone(room):
    modules = {path.relative_to(ROOT): linux_alone(path.read_text()) for path in (ROOT / room).rglob("*.py")}
    assert modules
    assert {path: found for path, found in modules.items() if found} == {}
