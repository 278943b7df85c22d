"""Asks boxes for their facts, through Ansible's own connections and inventory; ``checks`` judges them."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.doctor.checks import Box
from bench.model import WrongUseError

FACTS = Path(__file__).with_name("facts.sh")
CHECKOUT = Path(__file__).parents[2]


def collect(arguments: Sequence[str]) -> list[Box]:
    """Ask all boxes at once; ``arguments`` are Ansible's (``-i``, ``--limit``, ``-e``).

    Raises:
        WrongUseError: no box fits.

    """
    ansible = str(Path(sys.executable).with_name("ansible"))
    with tempfile.TemporaryDirectory() as tree:
        command = [
            ansible,
            "all:!localhost",
            "-m",
            "ansible.builtin.script",
            "-a",
            str(FACTS),
            "--tree",
            tree,
            *_rights(arguments),
            *arguments,
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CHECKOUT)
        boxes = [_box(path) for path in sorted(Path(tree).iterdir())]
    if not boxes:
        raise WrongUseError(f"No box fits; name one by HOST= or in inventory/hosts.yml. {_last_line(done.stderr)}")
    return boxes


def _rights(arguments: Sequence[str]) -> list[str]:
    """Root only where a password for it is asked for or given, which is tried by that."""
    given = any(word in {"-K", "--ask-become-pass"} or "ansible_become_pass" in word for word in arguments)
    return ["--become"] if given else ["-e", "ansible_become=false"]


def release() -> str:
    """Return the release of this checkout, as the role ``bench`` counts it."""
    script = CHECKOUT / "roles" / "bench" / "files" / "wheelhouse.sh"
    done = subprocess.run(
        [script, "release"],
        capture_output=True,
        text=True,
        check=True,
        env={"CHECKOUT": str(CHECKOUT), "PATH": "/usr/bin:/bin"},
    )
    return done.stdout.strip()


def _box(path: Path) -> Box:
    result = json.loads(path.read_text())
    if result.get("unreachable") or result.get("rc") != 0:
        message = str(result.get("msg") or result)
        if "sudo password" in message:
            return Box(path.name, {}, trouble="sudo did not accept the password given", troubled="sudo")
        return Box(path.name, {}, trouble=_sentence(message))
    facts = dict(line.split("=", 1) for line in result["stdout_lines"] if "=" in line)
    # The answer was written when it arrived, a moment after the box looked at its clock.
    return Box(path.name, facts, clock_offset_s=float(facts["now"]) - path.stat().st_mtime)


def _sentence(message: str) -> str:
    if "REMOTE HOST IDENTIFICATION HAS CHANGED" in message:
        return "its host key is not the one recorded; if it was reinstalled: make trust"
    if "Host key verification failed" in message:
        return "its host key is not recorded yet: make trust"
    return _last_line(message)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
