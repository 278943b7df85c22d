"""No script waits for a service manager that does not answer."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from bench.remote.steps import CANCEL, FOLLOW, LAUNCH
from tests.unit.inventory.shell import CHECKOUT, ROLES

SCRIPTS = [*ROLES.glob("*/files/*.sh"), *(CHECKOUT / "bench").glob("*/*.sh")]
CALL = re.compile(r"^(?!\s*#)(?!.*timeout \d+ systemctl).*\bsystemctl .*", re.MULTILINE)
WRAPPER = re.compile(r'^systemctl\(\) \{ timeout \d+ systemctl "\$@"; \}', re.MULTILINE)


def unlimited(text: str) -> list[str]:
    """List the calls that may last for ever."""
    return [] if WRAPPER.search(text) else CALL.findall(text)


def test_a_call_without_a_limit_is_found() -> None:
    assert unlimited('for unit in $([ ! -e "$units" ] || systemctl list-units); do\n')
    assert unlimited("case $paths in */etc/systemd/*) systemctl daemon-reload ;; esac\n")
    assert not unlimited("run=$(timeout 20 systemctl list-units)\n")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_call_of_the_service_manager_has_a_limit(script: Path) -> None:
    assert unlimited(script.read_text()) == []


@pytest.mark.parametrize(
    ("script", "words"),
    [(LAUNCH, ["r1", "0", "me", "me at home"]), (CANCEL, ["me", "r1"]), (FOLLOW, ["r1", "0"])],
    ids=["launch", "cancel", "follow"],
)
def test_a_service_manager_that_hangs_ends_a_script_and_nothing_is_taken_for_its_answer(
    tmp_path: Path, script: str, words: list[str]
) -> None:
    for place in ("/var/lib/pgladder/runs", "/etc/systemd/system/multi-user.target.wants", "/run"):
        script = script.replace(f"{place}/", f"{tmp_path}{place}/").replace(f"{place}\n", f"{tmp_path}{place}\n")
    (tmp_path / "run").mkdir()
    (tmp_path / "var/lib/pgladder/runs/r1").mkdir(parents=True)
    programs = {"systemctl": "exec sleep 60", "timeout": 'shift; exec /usr/bin/timeout 0.2 "$@"'}
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{text}\n")
        (tmp_path / name).chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    command = ["sh", "-c", script, "sh", *words]
    done = subprocess.run(command, env=env, input=b"", capture_output=True, check=False, timeout=10)
    assert done.returncode == 124
