"""A client box lets the server's box start clients there, and nothing else by that key; and forgets it again."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.box import client as of_client
from bench.box.client import ASKED, client
from bench.box.client_of import Authorised, authorise, withdraw
from bench.model.errors import HostError, UsageError

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


def test_beside_a_run_of_the_client_boxs_own_none_does(box, monkeypatch) -> None:
    monkeypatch.setenv(ASKED, "abc")
    monkeypatch.setattr(of_client, "holder", lambda: "process 7 of user pgladder")
    with pytest.raises(HostError, match="a run of this client box's own is under way: process 7 of user pgladder"):
        client(box)


def test_else_it_holds_the_conversation(box, monkeypatch) -> None:
    monkeypatch.setenv(ASKED, "abc")
    monkeypatch.setattr(of_client, "holder", lambda: None)
    held = []
    monkeypatch.setattr(of_client, "main", lambda: held.append(1))
    client(box)
    assert held == [1]
