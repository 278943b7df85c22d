"""Accounts, folders and units as found: written down once, and so again."""

import grp
import os
import pwd
from pathlib import Path
from typing import Any

import pytest

from tests.unit.inventory.modules import run

ME = pwd.getpwuid(os.getuid()).pw_name


class Box:
    """A journal, a folder for folders, and programs that stand in for those that ask or change the real box."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.journal, self.etc, self.bin = root / "journal", root / "etc", root / "bin"
        (self.journal / "found").mkdir(parents=True)
        for version in ("15", "17"):
            (self.etc / version).mkdir(parents=True)
        self.bin.mkdir()
        self.program("systemctl", "echo systemd-timesyncd.service disabled enabled")
        self.program("dpkg-query", "exit 1")
        for name in ("userdel", "groupdel"):
            self.program(name, f'echo "{name} $1" >>{root}/removed')
        self._removed = root / "removed"
        monkeypatch.setenv("PATH", f"{self.bin}:{os.environ['PATH']}")

    def program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(f"#!/bin/sh\n{text}\n")
        (self.bin / name).chmod(0o755)

    def run(self, state: str, *, check: bool = False, **more: Any) -> dict[str, Any]:
        folders = [f"{self.etc}/[0-9]*", str(self.etc)]
        units = {"time-synchronisation": "systemd-timesyncd.service"}
        where = {"journal": str(self.journal), "folders": folders, "units": units}
        return run("pgladder_found", state=state, check=check, **where | more)

    def written(self, name: str) -> list[str]:
        return (self.journal / "found" / name).read_text().splitlines()

    def removed(self) -> list[str]:
        return self._removed.read_text().splitlines() if self._removed.exists() else []


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Box:
    return Box(tmp_path, monkeypatch)


def test_what_is_found_is_written_down_once(box: Box) -> None:
    assert box.run("present")["changed"]
    assert ME in box.written("users")
    assert grp.getgrgid(os.getgid()).gr_name in box.written("groups")
    assert box.written("folders") == [f"{box.etc}/15", f"{box.etc}/17", str(box.etc)]
    assert box.written("time-synchronisation") == ["disabled"]
    (box.etc / "18").mkdir()
    again = box.run("present")
    assert not again["changed"]
    assert again["found"]["time-synchronisation"] == ["disabled"]
    assert f"{box.etc}/18" not in box.written("folders")


def test_a_unit_that_there_is_not_is_no_failure_and_one_that_cannot_be_asked_is(box: Box) -> None:
    box.program("systemctl", "exit 1")
    assert box.run("present", check=True)["changed"]
    box.program("systemctl", "echo no bus >&2; exit 1")
    assert box.run("present")["msg"] == "no bus"


def test_a_check_writes_nothing_down(box: Box) -> None:
    assert box.run("present", check=True)["changed"]
    assert list((box.journal / "found").iterdir()) == []


def test_folders_that_were_not_there_go_where_nothing_is_in_them(box: Box) -> None:
    box.run("present")
    for version in ("16", "18"):
        (box.etc / version).mkdir()
    (box.etc / "18/somebodys").touch()
    assert box.run("absent", check=True)["changed"]
    assert box.run("absent")["changed"]
    assert sorted(folder.name for folder in box.etc.iterdir()) == ["15", "17", "18"]
    assert not box.run("absent")["changed"]


def test_accounts_that_packages_left_go_with_their_package_and_no_others(box: Box) -> None:
    (box.journal / "found/users").write_text("root\n")
    (box.journal / "found/groups").write_text("root\ntty\n")
    accounts = {"daemon": "some-package", "tty": "some-package", "nobody-of-that-name": "some-package"}
    box.run("absent", accounts=accounts)
    assert box.removed() == ["userdel daemon", "groupdel daemon"]
    box.program("dpkg-query", "echo 'ii '")
    box.run("absent", accounts=accounts)
    assert box.removed() == ["userdel daemon", "groupdel daemon"]


def test_where_accounts_and_folders_were_not_written_down_none_is_removed(box: Box) -> None:
    assert not box.run("absent", accounts={"daemon": "some-package"})["changed"]
    assert box.removed() == []
    assert (box.etc / "15").is_dir()


def test_an_account_in_use_is_named(box: Box) -> None:
    (box.journal / "found/users").touch()
    box.program("userdel", 'echo "userdel: user $1 is currently used by process 7" >&2; exit 8')
    answer = box.run("absent", accounts={"daemon": "some-package"})
    assert answer["msg"] == "userdel: user daemon is currently used by process 7"
