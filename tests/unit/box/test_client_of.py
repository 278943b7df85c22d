"""A client box lets the server's box start clients there, and nothing else by that key; and forgets it again."""

import os
from dataclasses import replace
from pathlib import Path
from threading import Thread
from time import monotonic, sleep
from types import SimpleNamespace

import pytest

from bench.agent.lock import holder, one_run_at_a_time
from bench.box import client as of_client
from bench.box.client import ASKED, COMES_FROM, client
from bench.box.client_of import Authorised, authorise, withdraw
from bench.model.errors import HostError, UsageError
from bench.workload.client_boxes import STAY

IT = Authorised(public_key="ssh-ed25519 AAAAC3Nz", comes_from="10.0.0.1", certificate="-----BEGIN CERTIFICATE-----\n")
LINE = 'restrict,from="10.0.0.1",command="/usr/local/bin/pgladder box client" ssh-ed25519 AAAAC3Nz pgladder-client-of\n'


@pytest.fixture
def box(tmp_path: Path) -> SimpleNamespace:
    return SimpleNamespace(release="abc", cluster=SimpleNamespace(password_file=tmp_path / ".pgpass"))


def modes(*paths: Path) -> list[str]:
    return [oct(path.stat().st_mode & 0o777) for path in paths]


def test_the_key_is_for_one_command_and_from_one_address(box, tmp_path: Path) -> None:
    assert authorise(box, IT)
    keys = tmp_path / ".ssh" / "authorized_keys"
    assert keys.read_text() == LINE
    assert modes(keys.parent, keys) == ["0o700", "0o600"]
    assert (tmp_path / "server.crt").read_text() == IT.certificate
    assert not authorise(box, IT)


def test_a_new_key_takes_the_place_of_the_old_one_and_lines_of_others_stay(box, tmp_path: Path) -> None:
    keys = tmp_path / ".ssh" / "authorized_keys"
    keys.parent.mkdir()
    keys.write_text("ssh-ed25519 BBBB me@home\n")
    authorise(box, IT)
    assert authorise(box, replace(IT, public_key="ssh-ed25519 CCCC"))
    assert keys.read_text() == "ssh-ed25519 BBBB me@home\n" + LINE.replace("AAAAC3Nz", "CCCC")
    assert withdraw(box)
    assert keys.read_text() == "ssh-ed25519 BBBB me@home\n"
    assert not withdraw(box)


def test_nothing_is_left_of_it(box, tmp_path: Path) -> None:
    authorise(box, IT)
    assert withdraw(box)
    assert list(tmp_path.iterdir()) == []
    assert not withdraw(box)


@pytest.mark.parametrize("comes_from", ["n100-a", '10.0.0.1",command="sh', ""])
def test_it_comes_from_an_address(box, tmp_path: Path, comes_from: str) -> None:
    with pytest.raises(UsageError, match="A box comes from an address"):
        authorise(box, replace(IT, comes_from=comes_from))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("there", "said"), [("xyz", "its server's box xyz"), ("", "its server's box another")])
def test_a_client_of_another_pgladder_does_not_start(box, monkeypatch, there: str, said: str) -> None:
    monkeypatch.setenv(ASKED, there)
    with pytest.raises(HostError, match=f"this client box runs pgladder abc, and {said}: make provision"):
        client(box)


@pytest.fixture
def at_work(monkeypatch) -> list[str | None]:
    """Who is at work on the client box, as one asks who comes from another box and holds the conversation."""
    seen: list[str | None] = []
    monkeypatch.setattr(of_client, "main", lambda: seen.append(holder()))
    monkeypatch.setenv(COMES_FROM, "10.0.0.1 41414 10.0.0.2 22")
    monkeypatch.setenv(ASKED, "abc")
    return seen


def test_beside_a_run_of_the_client_boxs_own_none_does(box, at_work) -> None:
    with one_run_at_a_time(), pytest.raises(HostError, match="a run of this client box's own is under way: process "):
        client(box)
    assert at_work == []


def test_else_it_holds_the_conversation_and_keeps_such_runs_away(box, at_work) -> None:
    client(box)
    assert at_work == ["clients of a run of the box at 10.0.0.1"]
    assert holder() is None


def test_one_that_stays_keeps_them_away_as_long_as_it_gets_signs_of_life(box, at_work, monkeypatch) -> None:
    monkeypatch.setenv(ASKED, f"abc {STAY}")
    monkeypatch.setattr(of_client, "SILENT_S", 0.5)
    reading, writing = os.pipe()
    with os.fdopen(reading) as stdin, os.fdopen(writing, "wb", 0) as signs:
        monkeypatch.setattr("sys.stdin", stdin)
        staying = Thread(target=client, args=(box,))
        staying.start()
        began = monotonic()
        while monotonic() < began + 1:
            signs.write(b"\n")
            sleep(0.05)
        assert holder() == "clients of a run of the box at 10.0.0.1"
        # The connection is gone without a word.
        staying.join(10)
    assert not staying.is_alive()
    assert holder() is None
    assert at_work == []


def test_one_that_stays_ends_with_its_connection(box, at_work, monkeypatch) -> None:
    monkeypatch.setenv(ASKED, f"abc {STAY}")
    with Path(os.devnull).open() as nothing:
        monkeypatch.setattr("sys.stdin", nothing)
        client(box)
    assert holder() is None
    assert at_work == []
