"""The wheels that boxes need: what makes another release, and which are kept."""

import hashlib
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from bench.remote.wheelhouse import Wheelhouse, release

# Stands in for pip: it "downloads" one wheel and "builds" pgladder's.
PIP = """
import sys
from pathlib import Path
words = sys.argv[1:]
if words[0] == "download":
    target = Path(words[words.index("--dest") + 1])
    target.mkdir(parents=True)
    python = words[words.index("--python-version") + 1]
    (target / f"one-{python}.whl").touch()
else:
    (Path(words[words.index("--wheel-dir") + 1]) / "pgladder-1.whl").write_text("ours")
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for folder in ("bench/cli", "templates", "requirements"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("requirements/box.txt", "pyproject.toml", "README.md", "bench/cli/main.py"):
        (tmp_path / file).write_text(f"{file}\n")
    return tmp_path


def _collected(checkout: Path, architecture: str = "x86_64", python: str = "3.11") -> Path:
    house = Wheelhouse(architecture, python, checkout, [sys.executable, "-c", PIP])
    house.collect()
    return house.archive


def _kept(checkout: Path) -> set[str]:
    return {file.name for file in (checkout / ".cache/wheelhouse").glob("*-*")}


def test_an_archive_has_the_wheels_of_the_boxs_python_and_names_each_by_its_hash(checkout: Path) -> None:
    with tarfile.open(_collected(checkout, python="3.13")) as archive:
        members = {member.name: member for member in archive}
        pinned = archive.extractfile("./release.txt")
        assert pinned
        text = pinned.read().decode()
    assert {"./one-3.13.whl", "./pgladder-1.whl", "./release.txt"} == members.keys() - {"."}
    assert text == f"requirements/box.txt\n./pgladder-1.whl --hash=sha256:{hashlib.sha256(b'ours').hexdigest()}\n"
    assert {(member.uid, member.gid, member.mode & 0o022) for member in members.values()} == {(0, 0, 0)}


def test_of_the_wheels_those_of_the_newest_release_of_an_architecture_and_a_python_stay(checkout: Path) -> None:
    others = {_collected(checkout, "aarch64"), _collected(checkout, "x86_64", "3.13")}
    first = _collected(checkout)
    before = _kept(checkout)
    (checkout / "bench/cli/main.py").write_text("new")
    (checkout / "requirements/box.txt").write_text("new")
    second = _collected(checkout)
    after = _kept(checkout)
    assert len(before) == len(after) == 6
    assert {path.name for path in others} <= before & after
    assert (first.exists(), second.exists()) == (False, True)
    assert before & after == {name for name in before if not name.startswith("x86_64-3.11")}


def test_a_comma_in_the_readme_makes_no_new_release(checkout: Path) -> None:
    before = release(checkout)
    (checkout / "README.md").write_text("README,md")
    (checkout / "bench/cli/main.pyc").write_text("what Python keeps for itself")
    assert release(checkout) == before
    (checkout / "templates/new").touch()
    assert release(checkout) != before


def test_what_pip_complains_of_is_passed_on_and_nothing_is_kept(checkout: Path) -> None:
    house = Wheelhouse("x86_64", "3.11", checkout, [sys.executable, "-c", "raise SystemExit('no internet')"])
    with pytest.raises(subprocess.CalledProcessError) as failure:
        house.collect()
    assert failure.value.stderr == "no internet\n"
    assert _kept(checkout) == set()
