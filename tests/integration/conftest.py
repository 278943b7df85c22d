"""Directories and a server that several of them use."""

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.support import Theirs

CLONE_NEWNET = 0x40000000  # linux/sched.h
LONGEST = (
    *("cuts", "clickhouse", "ssh_verbs", "replica", "ceiling", "majors", "open_loop", "mixed", "swapping"),
    *("durability", "partitions", "provisioning", "client_boxes", "page_in_a_browser", "private_directory", "stopped"),
    "external_server",
)
"""Files that take longest: of several workers none is left with one of them when the others are done."""


def pytest_configure() -> None:
    """Give each of several workers a network of its own: there is one run at a time in a network namespace."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "no network namespace of its own: several workers need root")
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    place = {f"test_{name}": number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


@pytest.fixture(scope="session")
def new_place() -> Iterator[Callable[..., Path]]:
    """Make directories that every user may enter (pytest's own only root may) with short paths, removed at the end."""
    places: list[Path] = []

    # Not in /tmp, which may lie in memory: what is measured there is not durable.
    def make(where: str = "/var/tmp") -> Path:
        places.append(Path(tempfile.mkdtemp(prefix="pgladder-test-", dir=where)))
        places[-1].chmod(0o755)
        return places[-1]

    yield make
    for place in places:
        shutil.rmtree(place)


@pytest.fixture
def place(new_place) -> Path:
    """Return one for this test."""
    return new_place()


@pytest.fixture(scope="session")
def theirs(new_place) -> Iterator[Theirs]:
    """Start somebody's server; stop it at the end."""
    server = Theirs(new_place())
    try:
        yield server
    finally:
        server.control("stop")
