"""Whose client box a box is: what is written down, what its sshd tells, and what is refused before anything changes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.inventory.modules import load, run

Ask = Callable[..., dict[str, Any]]
SSHD = """#!/bin/sh
[ "$1" = -T ] || exit 9
[ ! -e "$0.broken" ] || { echo "Missing privilege separation directory: /run/sshd" >&2; exit 255; }
echo "port 2222"
echo "usepam yes"
echo "hostkey $0-rsa"
echo "hostkey $0-ed25519"
"""


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Run the module on a box that lies in a folder: its journal, and its sshd."""
    (tmp_path / "journal").mkdir()
    sshd = tmp_path / "sshd"
    sshd.write_text(SSHD)
    sshd.chmod(0o755)
    (tmp_path / "sshd-ed25519.pub").write_text("ssh-ed25519 AAAA root@n100-b\n")

    def answer(state: str = "present", *, server: str = "a", at: str = "127.0.0.1", check: bool = False) -> Any:
        module = load("modules", "pgladder_client")
        monkeypatch.setattr(module, "SSHD", str(sshd))
        given = {"state": state, "server": server, "reached_at": at, "journal": str(tmp_path / "journal")}
        return run("pgladder_client", module=module, check=check, **given)

    return answer


def test_it_is_written_down_once_with_the_address_that_the_server_will_see(ask: Ask, tmp_path: Path) -> None:
    assert ask(check=True)["changed"]
    assert list((tmp_path / "journal").iterdir()) == []
    said = ask()
    assert (said["changed"], said["server"], said["address"]) == (True, "a", "127.0.0.1")
    assert (tmp_path / "journal/client").read_text() == "a\n127.0.0.1\n"
    assert not ask()["changed"]


def test_its_sshd_tells_its_port_and_the_keys_that_are_there(ask: Ask) -> None:
    said = ask()
    assert (said["port"], said["host_keys"]) == (2222, ["ssh-ed25519 AAAA"])


def test_a_sshd_that_can_not_tell_is_named(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "sshd.broken").touch()
    assert "its sshd does not tell how it is configured (Missing privilege separation" in ask()["msg"]


def test_of_nobodys_client_box_nothing_is_written_down(ask: Ask, tmp_path: Path) -> None:
    said = ask(server="", at="")
    assert (said["changed"], said["server"]) == (False, "")
    assert list((tmp_path / "journal").iterdir()) == []


def test_a_client_box_stays_its_servers_until_a_teardown(ask: Ask) -> None:
    ask()
    assert "is a client box of a: say so again by CLIENT_OF=a" in ask(server="", at="")["msg"]
    assert "is a client box of a, not of b; make teardown" in ask(server="b")["msg"]
    assert "knows it at 127.0.0.1, and its address is ::1 now" in ask(at="::1")["msg"]


def test_where_there_is_no_way_to_the_server_it_is_said(ask: Ask, tmp_path: Path) -> None:
    assert "finds no way to its server's box, no.such.name.invalid (" in ask(at="no.such.name.invalid")["msg"]
    assert list((tmp_path / "journal").iterdir()) == []


def test_it_is_forgotten_and_a_check_tells_what_it_was(ask: Ask, tmp_path: Path) -> None:
    ask()
    said = ask("absent", check=True)
    assert (said["server"], said["address"]) == ("a", "127.0.0.1")
    assert ask("absent")["changed"]
    assert list((tmp_path / "journal").iterdir()) == []
    said = ask("absent")
    assert (said["changed"], said["server"]) == (False, "")
