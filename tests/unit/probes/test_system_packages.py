"""What is missing on a machine is named as its own system names it."""

import platform
import shutil
import sys

import pytest

from bench.probes import system_packages
from bench.probes.system_packages import MACOS, how_to_install, main, table, this_system


@pytest.fixture
def on(monkeypatch):
    """Have this machine be another: its os-release, and whether it has apt."""

    def become(
        identity: str = "", version: str = "", *, apt: bool = True, system: str = "linux", processor: str = "x86_64"
    ) -> None:
        def release() -> dict[str, str]:
            if not identity:
                raise OSError
            return {"ID": identity, "VERSION_ID": version}

        monkeypatch.setattr(platform, "freedesktop_os_release", release)
        monkeypatch.setattr(sys, "platform", system)
        monkeypatch.setattr(platform, "machine", lambda: processor)
        monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == "apt-get" and apt else None)

    return become


@pytest.mark.parametrize(
    ("machine", "told"),
    [
        (("debian", "12"), "apt-get install postgresql-15"),
        (("debian", "13"), "apt-get install postgresql-17"),
        (("ubuntu", "24.04"), "apt-get install postgresql-16"),
        (("ubuntu", "26.04"), "apt-get install postgresql-18"),
        (("linuxmint", "22"), "apt-get install postgresql"),
        (("debian", ""), "apt-get install postgresql"),
    ],
)
def test_a_server_has_the_name_that_the_system_has_for_it(on, machine, told):
    on(*machine)
    assert how_to_install("server") == told


def test_macos_is_told_by_homebrew(on):
    on(system="darwin", apt=False)
    assert how_to_install("venv", "ssh") == "brew install python@3.13 openssh"


@pytest.mark.parametrize("machine", [("fedora", "44"), ()])
def test_a_system_that_is_not_known_is_told_what_others_call_it(on, machine):
    on(*machine, apt=False)
    assert this_system() == ""
    told = how_to_install("server")
    assert told.startswith("install what your system calls server (debian 12: postgresql-15; debian 13: postgresql-17;")


def test_tests_are_told_where_they_can_be_run(on):
    on("ubuntu", "26.04")
    assert how_to_install("tests").startswith("install what your system calls tests (debian 12: chromium ")


def asked(capsys, monkeypatch, *needs):
    monkeypatch.setattr(sys, "argv", ["require", *needs])
    code = main()
    told = capsys.readouterr()
    return code, told.out, told.err


def test_apt_is_handed_what_is_missing(on, capsys, monkeypatch):
    on("debian", "13")
    assert asked(capsys, monkeypatch, "ssh", "server") == (0, "openssh-client postgresql-17", "")


def test_what_is_here_is_not_asked_for(on, capsys, monkeypatch):
    on("fedora", "44", apt=False)
    monkeypatch.setattr(system_packages, "is_here", lambda need: need in {"venv", "ssh"})
    assert asked(capsys, monkeypatch, "venv", "ssh") == (0, "", "")
    code, out, err = asked(capsys, monkeypatch, "venv", "server")
    assert (code, out) == (1, "")
    assert err.startswith("pgladder needs server here: install what your system calls server")


def test_a_compiler_is_asked_for_where_a_package_has_no_wheel(on, capsys, monkeypatch):
    on("debian", "13")
    assert asked(capsys, monkeypatch, "compiler") == (0, "", "")
    on("debian", "13", processor="aarch64")
    assert asked(capsys, monkeypatch, "compiler") == (0, "gcc libc6-dev python3-dev", "")
    on(system="darwin", apt=False, processor="arm64")
    assert asked(capsys, monkeypatch, "compiler") == (0, "", "")


def test_without_apt_nothing_is_handed_to_it(on, capsys, monkeypatch):
    on(system="darwin", apt=False)
    assert asked(capsys, monkeypatch, "ssh") == (1, "", "pgladder needs ssh here: brew install openssh\n")


def test_every_system_names_what_control_needs():
    for system, row in table().items():
        assert all(row[need] for need in ("installer", "venv", "ssh"))
        assert bool(row["compiler"]) == (system != MACOS)


def test_every_system_that_measures_names_its_server():
    for system, row in table().items():
        assert bool(row["server"] and row["openssl"]) == (system != MACOS)
