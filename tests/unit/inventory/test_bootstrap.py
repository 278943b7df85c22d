"""The script that brings Python and takes it away, on a folder for a box's root; Debian's programs are stand-ins."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.unit.inventory.shell import ROLES

SCRIPT = ROLES / "host/files/bootstrap.sh"
PROGRAMS = {
    "dpkg-query": 'case $3 in *Status*) cat "$0.states" ;; *) cut -d" " -f2 "$0.states" ;; esac',
    "dpkg": 'exit "$(cat "$0.code")"',
    "apt-mark": "echo mine",
    "sync": "",
    "systemctl": "",
    "apt-get": """
case "$*" in
  *" update"*) echo update >>"$0.log"; exit "$(cat "$0.update")" ;;
  *"-s install"*) cat "$0.plan" ;;
  *install*) echo "install: $(cat "$0.journal/installed-packages" | xargs)" >>"$0.log"; exit "$(cat "$0.code")" ;;
  *) echo "$*" >>"$0.log" ;;
esac
""",
}


class Box:
    """A folder for its root."""

    def __init__(self, root: Path) -> None:
        self.root, self.bin, self.journal = root, root / "bin", root / "pgladder-found"
        self.unremoved = root / "03pgladder"
        self._script = re.sub(r"(?<![\w#!])/(etc|var|run)/", f"{root}/\\1/", SCRIPT.read_text())
        for folder in (
            "bin",
            "var/cache/apt/archives",
            "etc/postgresql-common/createcluster.d",
            "run/pgladder-ansible",
        ):
            (root / folder).mkdir(parents=True)
        for name, text in PROGRAMS.items():
            (self.bin / name).write_text(f"#!/bin/sh\n{text}\n")
            (self.bin / name).chmod(0o755)
        (self.bin / "apt-get.journal").symlink_to(self.journal)
        for name in ("dpkg.code", "apt-get.update", "apt-get.code"):
            self.say(name, "0")
        self.say("apt-get.plan", "Inst python3 (3 Debian)", "Inst libpython3 (3 Debian)", "Conf python3 (3 Debian)")
        self.has("base-files", left="config-files")

    def say(self, name: str, *lines: str) -> None:
        (self.bin / name).write_text("".join(f"{line}\n" for line in lines))

    def has(self, *names: str, **states: str) -> None:
        lines = [f"installed {name}" for name in names] + [f"{state} {name}" for name, state in states.items()]
        self.say("dpkg-query.states", *lines)

    def run(self, verb: str) -> subprocess.CompletedProcess[str]:
        words = [verb, str(self.journal), str(self.unremoved), "python3", "python3-apt"]
        text = f"set -- {' '.join(words)}\n{self._script}"
        path = {"PATH": f"{self.bin}:/usr/bin:/bin"}
        return subprocess.run(["dash", "-c", text], env=path, check=False, capture_output=True, text=True)

    def did(self) -> list[str]:
        log = self.bin / "apt-get.log"
        return log.read_text().splitlines() if log.exists() else []

    def read(self, name: str) -> list[str]:
        return (self.journal / name).read_text().splitlines()


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return Box(tmp_path)


def test_what_is_found_and_what_will_come_is_written_down_before_apt_begins(box: Box) -> None:
    said = box.run("install")
    assert (said.returncode, said.stdout.splitlines()[-1]) == (0, "changed"), said.stderr
    assert box.did() == ["update", "install: libpython3 python3"]
    assert (box.read("found/packages"), box.read("found/configuration")) == (["base-files"], ["left"])
    assert (box.read("found/manual-packages"), box.read("found/archives")) == (["mine"], [])
    assert sorted(box.read("installing")) == ["libpython3", "python3"]
    assert box.journal.stat().st_mode & 0o777 == 0o700
    assert not box.journal.with_name("pgladder-found.part").exists()


def test_what_was_found_stays_written_down(box: Box) -> None:
    box.journal.with_name("pgladder-found.part").mkdir()  # cut off while it was begun
    box.run("install")
    box.has("base-files", "python3", "libpython3")
    box.say("apt-get.plan", "Inst python3-apt (2 Debian)")
    assert box.run("install").returncode == 0
    assert box.read("found/packages") == ["base-files"]
    assert box.read("installed-packages") == ["libpython3", "python3", "python3-apt"]


def test_no_package_that_was_there_is_changed(box: Box) -> None:
    box.say("apt-get.plan", "Inst libc6 [1] (2 Debian)", "Remv theirs [1]", "Inst python3 (3 Debian)")
    said = box.run("install")
    assert (said.returncode, said.stdout.splitlines()[-1]) == (1, "not ours to change: libc6, theirs")
    assert (box.did(), box.read("installed-packages")) == (["update"], [])


def test_what_did_not_come_is_forgotten(box: Box) -> None:
    box.say("apt-get.update", "100")
    box.run("install")
    box.say("apt-get.update", "0")
    box.say("apt-get.code", "100")
    box.has("base-files", "libpython3")  # as far as it got
    assert box.run("install").returncode == 1
    assert box.read("installed-packages") == ["libpython3"]


def test_sources_that_cannot_be_reached_stop_it_before_anything_comes(box: Box) -> None:
    box.say("apt-get.update", "100")
    assert box.run("install").returncode != 0
    assert (box.did(), box.read("installed-packages")) == (["update"], [])


@pytest.mark.parametrize("left", ["package", "file"])
def test_where_something_is_left_to_undo_python_comes_again_from_what_was_downloaded(box: Box, left: str) -> None:
    box.run("install")
    box.say("apt-get.update", "100")
    (box.bin / "apt-get.log").unlink()
    if left == "package":
        box.has("base-files", "libpython3")
    else:
        (box.root / "etc/postgresql-common/createcluster.d/pgladder.conf").touch()
    assert box.run("mend").stdout.splitlines()[-1] == "changed"
    assert box.did() == ["update", "install: libpython3 python3"]


def test_where_nothing_is_left_no_python_comes(box: Box) -> None:
    box.run("install")
    (box.bin / "apt-get.log").unlink()
    said = box.run("mend")
    assert (said.returncode, said.stdout, box.did()) == (0, "", [])


def test_python_goes_last_and_the_journal_with_it(box: Box) -> None:
    archives = box.root / "var/cache/apt/archives"
    (archives / "python3_2_all.deb").touch()  # of somebody else
    box.run("install")
    (box.bin / "apt-get.log").unlink()
    for name in ("python3_3_all.deb", "theirs_1_all.deb"):
        (archives / name).touch()
    (box.journal / "kept").write_text("libpython3\n")
    box.has("base-files", "python3", "libpython3")
    assert box.run("remove").stdout == "changed\n"
    assert box.did() == ["-qq purge python3"]
    assert sorted(path.name for path in archives.iterdir()) == ["python3_2_all.deb", "theirs_1_all.deb"]
    assert [path for path in (box.journal, box.unremoved, box.root / "run/pgladder-ansible") if path.exists()] == []


def test_what_was_there_as_configuration_is_so_again(box: Box) -> None:
    box.has("base-files", python3="config-files")
    box.run("install")
    (box.bin / "apt-get.log").unlink()
    (box.journal / "installed-packages").write_text("python3\n")
    box.run("remove")
    assert box.did() == ["-qq remove python3"]


def test_a_box_without_a_journal_stays_as_it_is_but_for_one_that_was_begun(box: Box) -> None:
    part = box.journal.with_name("pgladder-found.part")
    part.mkdir()
    for verb in ("mend", "remove"):
        said = box.run(verb)
        assert (said.returncode, said.stdout, box.did(), part.exists()) == (0, "", [], False)
