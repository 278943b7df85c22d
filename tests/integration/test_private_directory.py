"""Where a private server lies: only what pgladder made is removed, any umask will do, root follows no link there."""

import contextlib
import os
import signal
import subprocess
from pathlib import Path

import pytest

from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.owner import ordinary_user
from bench.engines.postgresql.private import PrivateServer
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.session import ServerError
from bench.engines.postgresql.staging import Staging
from bench.engines.postgresql.variants import harness_for
from bench.model.errors import HostError, UsageError
from tests.examples import one_of
from tests.integration.support import PGLADDER, CopiedServer, as_owner, as_root, climbing, pgladder, wait_for

HARNESS = harness_for(40, tls=True)
STOCK = as_variant("stock", "# PostgreSQL 15 as it comes.\n")
OTHER = as_variant("other", "work_mem = 5MB\n")
ASKED = ("--phases", "1-B", "--warm-up", "0.2", "--window", "0.4", "--blocks", "1")


def facts(directory: Path) -> tuple[int, int, int]:
    """Return what somebody who prepared a directory decided of it."""
    found = directory.stat()
    return found.st_uid, found.st_gid, found.st_mode


# --- what is the user's ----------------------------------------------------------------------------------------------


def test_a_directory_that_was_prepared_and_a_file_in_it_stay_as_they_were(place):
    prepared = place / "data"
    prepared.mkdir(mode=0o700)
    os.chown(prepared, ordinary_user().pw_uid, ordinary_user().pw_gid)
    (prepared / "server.lock").write_text("of somebody's own server")
    before = facts(prepared)
    ended = pgladder("run", *ASKED, "--data-dir", prepared, "--out", place / "out", cwd=place)
    assert (ended.code, ended.err) == (0, "")
    assert facts(prepared) == before
    assert [(each.name, each.read_text()) for each in prepared.iterdir()] == [
        ("server.lock", "of somebody's own server")
    ]


def test_an_empty_directory_that_was_prepared_stays(place):
    (place / "data").mkdir()
    PrivateServer(place / "data", find_binaries()).close()
    assert list((place / "data").iterdir()) == []


def test_a_cluster_that_is_made_ahead_is_the_one_that_starts(place):
    server = PrivateServer(place / "data", find_binaries())
    try:
        server.make_ahead()
        server.create(HARNESS, tls=True)
        made = (server.data_directory() / "PG_VERSION").stat().st_ino
        server.apply(OTHER)
        assert (server.data_directory() / "PG_VERSION").stat().st_ino == made
        with contextlib.closing(server.session()) as session:
            assert session.setting("work_mem") == "5MB"
    finally:
        server.close()
    assert not (place / "data").exists()


def test_a_cluster_that_is_made_ahead_and_not_needed_leaves_nothing(place):
    server = PrivateServer(place / "data", find_binaries())
    server.make_ahead()
    server.close()
    assert not (place / "data").exists()


def test_a_cluster_that_can_not_be_made_ahead_is_told_when_it_is_needed(place, monkeypatch):
    server = PrivateServer(place / "data", find_binaries())
    monkeypatch.setattr(server, "_bin", place)
    server.make_ahead()
    with pytest.raises(ServerError, match="initdb failed"):
        server.create(HARNESS, tls=False)
    server.close()
    assert not (place / "data").exists()


def test_directories_that_were_made_for_a_run_go_with_it_and_those_above_stay(place):
    (place / "mine").mkdir()
    PrivateServer(place / "mine" / "a" / "b", find_binaries()).close()
    assert list((place / "mine").iterdir()) == []


def test_directories_made_by_a_run_that_was_killed_go_with_the_next(place):
    with climbing(place, *ASKED) as climb:
        climb.wait_trial(1)
        climb.process.kill()
        climb.process.wait()
    assert (place / "data" / "server").is_dir()
    wait_for(lambda: not (place / "data/server/data/postmaster.pid").exists(), "PostgreSQL has ended too")
    PrivateServer(place / "data", find_binaries()).close()
    assert not (place / "data").exists()


@pytest.mark.parametrize("kind", ["directory", "file", "link"])
def test_what_is_called_as_ours_and_is_none_is_left_alone(place, kind):
    home, theirs = place / "data", place / "theirs"
    for each in (home, theirs):
        each.mkdir()
    (theirs / "made-by-pgladder").touch()
    match kind:
        case "directory":
            (home / "server").mkdir()
        case "file":
            (home / "server").write_text("theirs")
        case "link":
            (home / "server").symlink_to(theirs)
    with pytest.raises(UsageError, match="server was not made by this pgladder for the user"):
        PrivateServer(home, find_binaries())
    assert (home / "server").exists()
    assert [each.name for each in theirs.iterdir()] == ["made-by-pgladder"]


@as_root
def test_a_mark_that_another_user_made_is_none(place):
    forged = place / "data" / "server"
    forged.mkdir(parents=True)
    (forged / "made-by-pgladder").touch()
    os.chown(forged, 12345, 12345)
    with pytest.raises(UsageError, match="server was not made by this pgladder for the user"):
        PrivateServer(place / "data", find_binaries())


def test_two_runs_do_not_share_a_directory(place):
    first = PrivateServer(place / "data", find_binaries())
    try:
        with pytest.raises(HostError, match="Another run uses"):
            PrivateServer(place / "data", find_binaries())
        assert first._base.stat().st_mode & 0o777 == 0o700  # nobody else can hold it
    finally:
        first.close()
    PrivateServer(place / "data", find_binaries()).close()


# --- any umask -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mask", one_of("077", "027"))
def test_a_run_comes_to_its_end_under_a_strict_umask(place, mask):
    asked = [*ASKED, "--transports", "tls", "--data-dir", place / "a" / "data", "--out", place / "out"]
    command = ["sh", "-c", f'umask {mask}; exec "$@"', "sh", PGLADDER, "run", *map(str, asked)]
    ended = subprocess.run(command, cwd=place, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert not (place / "a").exists()


@as_root
def test_a_directory_that_the_servers_user_cannot_enter_is_refused_with_his_name(place):
    (place / "closed").mkdir(mode=0o700)
    ended = pgladder("run", *ASKED, "--data-dir", place / "closed", "--out", place / "out", cwd=place)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert f"The user {ordinary_user().pw_name}, who runs the server, can't make it in {place}/closed/" in ended.err
    assert list((place / "closed").iterdir()) == []
    assert not (place / "out").exists()


# --- links -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def roots(place) -> Path:
    """Return a directory in which only root may read and write, with a file."""
    (place / "roots").mkdir(mode=0o700)
    (place / "roots" / "file").write_text("root's secret\n")
    (place / "roots" / "file").chmod(0o600)
    return place / "roots"


def swap(path: Path, target: Path) -> None:
    """Put a link in the place of something, as the user who owns the server's files."""
    script = 'rm -rf "$1" && ln -s "$2" "$1"'
    subprocess.run(as_owner("sh", "-c", script, "sh", path, target), cwd="/", check=True)


SWAPPED = (
    "data/pgladder/20-variant.conf",
    "staged",
    *one_of(
        "data/postgresql.conf",
        "data/pgladder/20-variant.conf.part",
        "data/pgladder",
        "staged/pgladder/20-variant.conf",
        "server.log",
        "root.crt",
    ),
)


@as_root
@pytest.mark.parametrize("swapped", SWAPPED)
def test_as_root_no_link_in_the_servers_directory_is_followed(place, roots, swapped):
    server = CopiedServer(place / "data", find_binaries())
    try:
        server.create(HARNESS, tls=True)
        server.apply(STOCK)
        leads_to = roots if "." not in swapped else roots / "file"
        swap(server._base / swapped, leads_to)
        for step in (server.write_variant, lambda _: server.apply(OTHER), lambda _: server.recover()):
            with contextlib.suppress(OSError, ServerError):
                step("work_mem = 6MB\n")
    finally:
        server.close()
    assert [each.name for each in roots.iterdir()] == ["file"]
    assert (roots / "file").read_text() == "root's secret\n"
    assert facts(roots / "file") == (0, 0, 0o100600)
    assert facts(roots) == (0, 0, 0o40700)
    assert not (place / "data").exists()


@as_root
def test_what_only_root_may_read_is_not_copied_to_the_servers_user(place, roots):
    server = CopiedServer(place / "data", find_binaries())
    try:
        server.create(HARNESS, tls=False)
        swap(server.configuration / "99-secret.conf", roots / "file")
        swap(server.configuration.parent / "postgresql.conf", roots / "file")
        with pytest.raises(OSError, match="Permission denied"):
            Staging(server._base / "again", server._data, server.configuration, find_binaries(), server._owner)
        found = subprocess.run(["grep", "-rl", "root's secret", server._base], capture_output=True, check=False)
        assert found.stdout == b""
    finally:
        server.close()


def test_a_stop_in_the_middle_of_tidying_up_leaves_nothing(place):
    with climbing(place, *ASKED) as climb:
        climb.wait_trial(1)
        for _ in range(20):
            climb.process.send_signal(signal.SIGINT)
            if climb.process.poll() is not None:
                break
        climb.process.wait()
    assert not (place / "data").exists()
