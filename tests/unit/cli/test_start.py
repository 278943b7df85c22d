"""Ctrl-C while the command is still being loaded: a sentence, no traceback."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[3]
PGLADDER, FAB = (Path(sys.executable).parent / name for name in ("pgladder", "pgladder-fab"))
SITECUSTOMIZE = """
import os, sys
class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["CTRL_C_AT"]:
            sys.meta_path.remove(self)
            os.kill(os.getpid(), 2)
sys.meta_path.insert(0, CtrlC())
"""


def loaded_until(module, tmp_path, *command, **options):
    """Start the command, which is told to stop when it begins to load this module."""
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "CTRL_C_AT": module}
    return subprocess.run(
        command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=False, **options
    )


@pytest.mark.parametrize("module", ["bench.cli.main", "msgspec", "bench.plan.design"])
def test_ctrl_c_while_modules_are_loaded_is_a_sentence(tmp_path, module):
    ended = loaded_until(module, tmp_path, PGLADDER, "run", "--help")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "pgladder: Stopped.\n")


@pytest.mark.parametrize("module", ["fabric.main", "invoke"])
def test_ctrl_c_while_a_remote_verb_is_loaded_is_a_sentence(tmp_path, module):
    ended = loaded_until(module, tmp_path, FAB, "--list")
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", "pgladder: Stopped.\n")


def test_who_had_it_ignored_is_not_stopped(tmp_path):
    ignore = lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)  # noqa: E731 - runs in the child
    ended = loaded_until("bench.cli.main", tmp_path, PGLADDER, "--version", preexec_fn=ignore)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_version_is_told():
    said = subprocess.run([PGLADDER, "--version"], capture_output=True, text=True, check=False)
    assert said.stdout.startswith("pgladder 0.")


@pytest.mark.parametrize(("how", "sprung"), [([], True), (["-I"], False)])
def test_as_a_box_starts_it_nothing_of_the_caller_is_loaded(tmp_path, how, sprung):
    """On a box root runs it: see plugins/modules/pgladder_release.py."""
    trap = f"open({str(tmp_path / 'sprung')!r}, 'a')"
    modules = [
        "bench/__init__.py",
        "argparse.py",
        "sitecustomize.py",
        ".local/lib/python3.11/site-packages/usercustomize.py",
    ]
    for module in modules:
        (tmp_path / module).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / module).write_text(trap)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "HOME": str(tmp_path)}
    command = [sys.executable, *how, PGLADDER, "--version"]
    subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (tmp_path / "sprung").exists() == sprung
