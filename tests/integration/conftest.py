"""Directories and a server that several of them use."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.support import Theirs


@pytest.fixture(scope="session")
def new_place() -> Iterator[Callable[..., Path]]:
    """Make directories that every user may enter (pytest's own only root may) with short paths, removed at the end."""
    places: list[Path] = []

    def make(where: str = "/tmp") -> Path:
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
