"""The script that launches a run on a box, where another has launched under the same name."""

import hashlib
import os
import subprocess

import pytest

from bench.remote.steps import LAUNCH, OTHER

PLAN = b'{"plan": "theirs"}\n'
PLACES = ("/var/lib/pgladder/runs", "/etc/systemd/system/multi-user.target.wants", "/run/lock", "/run")


@pytest.fixture
def launch(tmp_path):
    """Return what the script says for a plan, with a folder in place of the box and no service manager."""
    script, programs = LAUNCH, tmp_path / "bin"
    for number, place in enumerate(PLACES):
        (tmp_path / str(number)).mkdir()
        script = script.replace(f"{place}", str(tmp_path / str(number)))
    programs.mkdir()
    for name, text in {"systemctl": '[ "$2" != is-active ] || exit $ACTIVE', "runuser": 'shift 3; exec "$@"'}.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)

    def run(plan, active=1):
        words = ["sh", "-c", script, "sh", "r1", hashlib.sha256(plan).hexdigest(), "me", "me at home"]
        env = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "ACTIVE": str(active)}
        return subprocess.run(words, input=plan, capture_output=True, check=True, env=env).stdout.decode().strip()

    return run


def test_a_plan_is_launched_once(launch):
    assert launch(PLAN) == "started"
    assert launch(PLAN) == "resumed"
    assert launch(PLAN, active=0) == "under way"


def test_whoever_comes_second_with_another_plan_is_told_that_the_first_is_carried_out(launch):
    launch(PLAN)
    assert launch(b"mine") == f"resumed{OTHER}"
    assert launch(b"mine", active=0) == f"under way{OTHER}"
