"""Asks boxes for their facts, through Ansible's own connections and inventory; ``checks`` judges them."""

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from bench.doctor.checks import Box
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.remote.ansible import CHECKOUT, READABLE, answers, failure, program

COMPLAINT = re.compile(r"^\[(?:ERROR|WARNING)\]: (.*)$", re.MULTILINE)
FACT = re.compile(r"([a-z_]+)=(.*)")


def collect(arguments: Sequence[str]) -> list[Box]:
    """Ask all boxes at once; ``arguments`` are Ansible's (``-i``, ``--limit``, ``-e``).

    Raises:
        UsageError: no box fits, or their answers can't be had; the message gives the reason.

    """
    # Root only where a password for it is asked for or given, which is tried by that.
    rights = ["-e", "ansible_become=false"]
    for word in arguments:
        if word in {"-K", "--ask-become-pass"} or "ansible_become_pass" in word:
            rights = ["--become"]
    command = [program("ansible-playbook"), "playbooks/doctor.yml", *rights, *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        check=False,
        cwd=CHECKOUT,
        env=os.environ | READABLE | {"ANSIBLE_CONFIG": str(CHECKOUT / "ansible.cfg")},
    )
    boxes = [box_of(name, answer) for name, answer in sorted(answers(done.stdout))]
    if done.returncode or not boxes:
        raise UsageError(why(done.stdout, done.stderr))
    return boxes


def why(stdout: str, stderr: str) -> str:
    """Return what a play stopped at: the message of the task that failed, or what Ansible itself complains of."""
    if message := failure(stdout):
        return message
    complaints = COMPLAINT.findall(stderr) or [stderr]
    nobody = tr("No box matches; name one by HOST= or in inventory/hosts.yml.")
    return f"{nobody} {complaints[-1]}".strip()


def box_of(name: str, answer: Mapping[str, Any]) -> Box:
    """Return the box of an answer: what Ansible says of the task, ``means`` where it was not reached, ``at`` in s."""
    message = str(answer.get("msg", ""))
    if answer["means"]:
        return Box(name, {}, trouble=answer["means"])
    if "sudo password" in message:
        return Box(name, {}, trouble=tr("sudo did not accept the password given"), troubled="sudo")
    if answer.get("rc") != 0:
        *_, last = ["", *(message or str(answer)).strip().splitlines()]
        return Box(name, {}, trouble=last)
    facts: dict[str, str] = {}
    greeting = ""
    for line in answer["stdout_lines"]:
        if fact := FACT.fullmatch(line):
            facts[fact[1]] = fact[2]
        elif not greeting and line.strip():
            # Whatever the shell prints before our own lines: it would get into the way of every answer.
            greeting = line
    return Box(
        name,
        facts,
        clock_offset_s=float(facts["now"]) - answer["at"],
        greeting=greeting,
        systems=answer["systems"],
        processors=answer["processors"],
        settings=answer["settings"],
    )
