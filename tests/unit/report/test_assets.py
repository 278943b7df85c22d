"""What no run changes is made once and kept; what is kept is never trusted blindly."""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError

import pytest

from bench.report.page import assets
from bench.report.page.assets import Assets, MissingControlError


@pytest.fixture(autouse=True)
def made(monkeypatch, tmp_path):
    """How often it was made."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    times = []

    def make():
        times.append(1)
        return Assets("script", {"climb": {"layer": []}})

    monkeypatch.setattr(assets, "_make", make)
    return times


def test_it_is_made_once(made):
    assert assets.assets() == assets.assets() == Assets("script", {"climb": {"layer": []}})
    assert len(made) == 1


def test_another_version_has_its_own(made, monkeypatch):
    assets.assets()
    monkeypatch.setattr(assets, "version", lambda _name: "99")
    assets.assets()
    assert len(made) == 2


@pytest.mark.parametrize("damage", [b"", b"{", b'{"script": 1}'])
def test_a_damaged_cache_is_made_anew(made, tmp_path, damage):
    assets.assets()
    [kept] = (tmp_path / "cache" / "pgladder").iterdir()
    kept.write_bytes(damage)
    assert assets.assets().script == "script"
    assert assets.assets().script == "script"
    assert len(made) == 2


def test_without_a_cache_it_is_made_each_time(made, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert assets.assets() == assets.assets()
    assert len(made) == 2


def test_a_box_without_the_chart_libraries_is_told_what_is_missing(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(assets, "version", missing)
    with pytest.raises(MissingControlError, match=r"pgladder\[control\]"):
        assets.assets()


def test_no_chart_library_is_loaded_before_a_page_is_drawn():
    text = "import sys, bench.cli.main, bench.report.page; print(sorted({'altair', 'vl_convert'} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", text], text=True).strip() == "[]"
