"""Which programs are found for a major, by whom they were built, and what is said where there are none."""

import re
from pathlib import Path

import pytest

from bench.engines.postgresql import binaries
from bench.engines.postgresql.binaries import build_of, check_one_builder, find_binaries, find_several, suite_of
from bench.model.errors import HostError, UsageError
from bench.model.fingerprint import Unreadable
from bench.probes.system_packages import how_to_install


def programs(directory: Path, says: str, *, compiled: str = "") -> Path:
    """Programs that say of themselves what is told."""
    directory.mkdir(parents=True)
    for name, text in {"postgres": f"postgres (PostgreSQL) {says}", "initdb": "", "pg_config": compiled}.items():
        (directory / name).write_text(f"#!/bin/sh\necho '{text}'\n")
        (directory / name).chmod(0o755)
    return directory


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """No PostgreSQL is installed but what a test puts there."""
    monkeypatch.setattr(binaries, "DEBIAN", tmp_path / "usr/lib/postgresql")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


def debian(tmp_path, major, minor="1", package="Debian {}-1.pgdg120+1"):
    return programs(tmp_path / f"usr/lib/postgresql/{major}/bin", f"{major}.{minor} ({package.format(major)})")


def test_where_nobody_asks_it_is_the_reference_else_the_newest(tmp_path):
    newest = debian(tmp_path, 17)
    debian(tmp_path, 16)
    assert find_binaries() == newest
    reference = debian(tmp_path, 15)
    assert find_binaries() == reference


def test_a_major_is_found_where_packages_put_it_and_directories_that_are_named_come_first(tmp_path):
    installed = debian(tmp_path, 17)
    own = programs(tmp_path / "mine", "17.4")
    assert find_binaries("17") == installed
    assert find_several(["17"], [own]) == {"17": own}


def test_of_directories_alone_each_is_measured_and_of_majors_asked_for_those(tmp_path):
    installed, older, newer = debian(tmp_path, 15), *(programs(tmp_path / m, f"{m}.2") for m in ("16", "18"))
    assert find_several([], [newer, older]) == {"18": newer, "16": older}
    assert find_several(["15", "18"], [newer, older]) == {"15": installed, "18": newer}


def test_a_major_that_is_missing_is_named_with_what_is_there_and_what_to_install(tmp_path):
    debian(tmp_path, 15)
    with pytest.raises(HostError, match=r"No PostgreSQL 17 .*; there is 15\..*install postgresql-17, "):
        find_binaries("17")
    with pytest.raises(HostError, match=re.escape(f"Install them: {how_to_install('server')} ")):
        find_binaries("", [tmp_path / "nowhere"])


def test_where_there_is_none_at_all_that_of_this_system_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(binaries, "DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    named = re.escape(how_to_install("server"))
    with pytest.raises(HostError, match=f"No PostgreSQL server programs in .*: {named} "):
        find_binaries()


def test_two_directories_of_one_major_are_refused(tmp_path):
    two = [programs(tmp_path / name, "17.4") for name in "ab"]
    with pytest.raises(UsageError, match="both hold PostgreSQL 17"):
        find_several([], two)


@pytest.mark.parametrize(
    ("says", "builder"),
    [
        ("15.18 (Debian 15.18-0+deb12u1)", "Debian"),
        ("18.6 (Debian 18.6-3)", "Debian"),
        ("16.11 (Ubuntu 16.11-0ubuntu0.24.04.1)", "Ubuntu"),
        ("17.6 (Debian 17.6-1.pgdg120+1)", "PGDG"),
        ("17.6 (Ubuntu 17.6-1.pgdg24.04+1)", "PGDG"),
        ("17.10", "unknown, compiled by gcc -O2"),
        ("18beta1", "unknown, compiled by gcc -O2"),
    ],
)
def test_a_build_says_who_made_it(tmp_path, says, builder):
    build = build_of(programs(tmp_path / "bin", says, compiled="gcc\n-O2"))
    assert (build.major, build.builder) == (says[:2], builder)


def test_builds_of_two_builders_are_not_compared(tmp_path):
    pgdg, debians = debian(tmp_path, 17), programs(tmp_path / "bin", "18.6 (Debian 18.6-3)")
    with pytest.raises(HostError, match="17: PGDG; 18: Debian"):
        check_one_builder({"17": pgdg, "18": debians})
    check_one_builder({"17": pgdg, "18": debian(tmp_path, 18)})


def test_the_suite_is_that_of_the_tree_the_programs_lie_in(tmp_path, monkeypatch):
    monkeypatch.setattr(binaries, "DEBIAN", Path("/usr/lib/postgresql"))
    directory = debian(tmp_path, 18)
    assert isinstance(suite_of(directory), Unreadable)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text('ID=debian\nVERSION_CODENAME="forky"\n')
    assert suite_of(directory) == "forky"
    assert isinstance(suite_of(programs(tmp_path / "opt/pg/bin", "18.1")), Unreadable)
