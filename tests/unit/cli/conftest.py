"""A machine on which PostgreSQL's programs seem to be installed: setup does not ask for them, nor do these tests."""

import pytest

from bench.engines.postgresql import binaries


@pytest.fixture(scope="session")
def _debian(tmp_path_factory):
    """Programs that only tell their version."""
    debian = tmp_path_factory.mktemp("postgresql")
    programs = debian / "15" / "bin"
    programs.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (programs / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 15.9 (Debian 15.9-0+deb12u1)'\n")
        (programs / name).chmod(0o755)
    return debian


@pytest.fixture(autouse=True)
def _postgresql_is_installed(_debian, monkeypatch):
    monkeypatch.setattr(binaries, "DEBIAN", _debian)
