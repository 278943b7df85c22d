"""Asks boxes for their facts, through Ansible's own connections and inventory; ``checks`` judges them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.doctor.checks import Box
from bench.model.errors import UsageError

CHECKOUT = Path(__file__).parents[2]
AS_READ_HERE = {
    "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
    "ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg"),
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_STDOUT_CALLBACK": "default",
    "LC_ALL": "C.UTF-8",
    "PYTHONIOENCODING": "utf-8",
}
"""Whatever the environment says: a play's output in English, as JSON, in UTF-8."""
TOLD = re.compile(r"^ok: \[(.+)\] => (?=\{)", re.MULTILINE)
FAILED = re.compile(r"FAILED! => (\{.*\})$", re.MULTILINE)
COMPLAINT = re.compile(r"^\[(?:ERROR|WARNING)\]: (.*)$", re.MULTILINE)
FACT = re.compile(r"([a-z_]+)=(.*)")


def collect(arguments: Sequence[str]) -> list[Box]:
    """Ask all boxes at once; ``arguments`` are Ansible's (``-i``, ``--limit``, ``-e``).

    Raises:
        UsageError: no box fits, or their answers can't be had; says why.

    """
    play = [str(Path(sys.executable).with_name("ansible-playbook")), "playbooks/doctor.yml"]
    command = [*play, *_rights(arguments), *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        cwd=CHECKOUT,
        env=os.environ | AS_READ_HERE,
    )
    boxes = [box_of(name, answer) for name, answer in sorted(answers(done.stdout))]
    if done.returncode or not boxes:
        raise UsageError(why(done.stdout, done.stderr))
    return boxes


def answers(stdout: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what a play's last task tells of each box: its name, and the answer."""
    for told in TOLD.finditer(stdout):
        yield told[1], json.JSONDecoder().raw_decode(stdout, told.end())[0]["msg"]


def why(stdout: str, stderr: str) -> str:
    """Return what a play stopped at: the message of the task that failed, or what Ansible itself complains of."""
    if failed := FAILED.search(stdout):
        return str(json.loads(failed[1])["msg"])
    complaints = COMPLAINT.findall(stderr) or [stderr]
    return f"No box fits; name one by HOST= or in inventory/hosts.yml. {complaints[-1]}".strip()


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


def box_of(name: str, answer: Mapping[str, Any]) -> Box:
    """Return the box of an answer: what Ansible says of the task, ``means`` where it was not reached, ``at`` in s."""
    message = str(answer.get("msg", ""))
    if answer["means"]:
        return Box(name, {}, trouble=answer["means"])
    if "sudo password" in message:
        return Box(name, {}, trouble="sudo did not accept the password given", troubled="sudo")
    if answer.get("rc") != 0:
        return Box(name, {}, trouble=_last_line(message or str(answer)))
    facts: dict[str, str] = {}
    greeting = ""
    for line in answer["stdout_lines"]:
        fact = FACT.fullmatch(line)
        if fact:
            facts[fact[1]] = fact[2]
        elif not greeting and line.strip():
            greeting = line
    return Box(name, facts, clock_offset_s=float(facts["now"]) - answer["at"], greeting=greeting)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]
