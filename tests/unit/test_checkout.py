"""A checkout on somebody's machine: its files as they are here, its packages from where that machine takes them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]


def git(*words, cwd):
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@y", *words], cwd=cwd, check=True, capture_output=True
    )


def test_git_for_windows_leaves_lines_as_they_are(tmp_path):
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    for name in (".gitattributes", ".ci/uv", "ansible.cfg", "docs/page.png", "templates/postgresql/harness.conf.j2"):
        (there / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / name, there / name)
    git("init", "-q", cwd=there)
    git("add", ".", cwd=there)
    git("commit", "-qm", "x", cwd=there)
    git("clone", "-q", "-c", "core.autocrlf=true", "-c", "core.eol=crlf", there, here, cwd=tmp_path)
    for path in (path for path in here.rglob("*") if path.is_file() and ".git" not in path.parts):
        assert path.read_bytes() == (CHECKOUT / path.relative_to(here)).read_bytes(), path


@pytest.fixture
def index_of_uv(tmp_path):
    """Return what uv is told of where packages are, given pip's configuration and the environment."""
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    (tmp_path / ".ci").mkdir()
    shutil.copy(CHECKOUT / ".ci" / "uv", tmp_path / ".ci" / "uv")

    def ask(configured="", **environment):
        for name, script in (("pip", f"cat <<'END'\n{configured}\nEND"), ("uv", "env; echo $*")):
            (programs / name).write_text(f"#!/bin/sh\n{script}\n")
            (programs / name).chmod(0o755)
        env = {"PATH": os.environ["PATH"]} | environment
        done = subprocess.run(
            [tmp_path / ".ci" / "uv", "pip", "x"], env=env, check=True, capture_output=True, text=True
        )
        assert done.stdout.splitlines()[-1] == "pip x"
        return sorted(line for line in done.stdout.splitlines() if line.startswith("UV_"))

    return ask


def test_uv_takes_packages_from_where_pip_does(index_of_uv):
    of_all, of_environment = "global.index-url='https://a/simple'", ":env:.index-url='https://b/simple'"
    assert index_of_uv() == []
    assert index_of_uv(of_all) == ["UV_DEFAULT_INDEX=https://a/simple"]
    assert index_of_uv(f"{of_environment}\n{of_all}") == ["UV_DEFAULT_INDEX=https://b/simple"]
    assert index_of_uv("global.trusted-host='a'") == ["UV_INSECURE_HOST=a"]


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_what_is_set_for_uv_itself_comes_first(index_of_uv, name):
    assert index_of_uv("global.index-url='https://a/simple'", **{name: "https://c"}) == [f"{name}=https://c"]


# --- what a machine needs --------------------------------------------------------------------------------------------


@pytest.fixture
def require(tmp_path):
    """Return what ``.ci/require`` ends with and says, on a machine that has apt or has not."""
    table = Path("bench/probes/system_packages.py")
    for file in (Path(".ci/require"), table, table.with_name("systems.toml")):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(CHECKOUT / file, tmp_path / file)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("dirname", "sh"):
        (programs / name).symlink_to(shutil.which(name))

    def stub(path, text):
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    stub(tmp_path / ".ci" / "system-packages", "echo to be installed: $*")

    def ask(*needs, python=sys.executable, apt=True, ssh=True):
        for name in [*(["apt-get"] if apt else []), *(["ssh"] if ssh else [])]:
            stub(programs / name, "exit 0")
        if not Path(python).is_absolute():
            python = stub(programs / "old", f"echo {python}")
        env = {"PATH": str(programs), "PYTHON": str(python)}
        done = subprocess.run(
            [tmp_path / ".ci" / "require", *needs], env=env, check=False, capture_output=True, text=True
        )
        return done.returncode, done.stdout.strip() + done.stderr.strip()

    return ask


def test_who_only_controls_boxes_is_asked_for_nothing_that_is_there(require):
    assert require("venv", "ssh", apt=False) == (0, "")
    assert require("venv", "ssh") == (0, "to be installed:")  # a run of it that was killed is tidied up


def test_what_is_missing_is_installed_by_apt(require):
    assert require("venv", "ssh", ssh=False) == (0, "to be installed: openssh-client")


def test_what_is_missing_without_apt_is_named(require):
    code, told = require("venv", "ssh", apt=False, ssh=False)
    assert code == 1
    assert told.startswith("pgladder needs ssh here: ")


@pytest.mark.parametrize("version", ["2.7", "3.9", "3.10"])
def test_a_python_that_is_too_old_is_named(require, version):
    code, told = require("venv", python=version)
    assert code == 1
    assert told.startswith("pgladder needs Python 3.11 or later; ")
    assert told.endswith(f" is {version}. Name yours, as in:  make setup PYTHON=python3.13")


def test_a_python_that_is_not_there_is_named(require):
    code, told = require("venv", python="/nowhere/python3")
    assert code == 1
    assert "/nowhere/python3 is missing. Name yours, as in:  make setup PYTHON=python3.13" in told
