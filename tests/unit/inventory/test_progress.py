"""A play is told of in one line, and whole are what it says to people, what fails, and the recap."""

import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from tests.unit.inventory.shell import CHECKOUT

PLAY = r"""
- hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - {name: Make it so, ansible.builtin.command: "true"}
    - {name: Tell, ansible.builtin.debug: {msg: "hello {{ item }}"}, loop: [once, twice]}
    - {name: Left out, ansible.builtin.command: "true", when: false}
    - {name: Reckoned with, ansible.builtin.command: "false", ignore_errors: true}
"""
FAILS = '    - {name: Break, ansible.builtin.fail: {msg: "that is why"}}\n'


class Played(NamedTuple):
    code: int
    said: str


def played(folder: Path, text: str, **environment: str) -> Played:
    """Play it here; with a TERM on a terminal, else into a pipe."""
    (folder / "play.yml").write_text(text)
    command = [Path(sys.executable).with_name("ansible-playbook"), folder / "play.yml", "-i", "localhost,"]
    env = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "pgladder_progress", "NO_COLOR": "1", **environment}
    env["ANSIBLE_CONFIG"] = str(CHECKOUT / "ansible.cfg")
    ours, theirs = pty.openpty() if "TERM" in environment else os.pipe()
    words = [*command, "-e", f"ansible_python_interpreter={sys.executable}"]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    said = bytearray()
    with suppress(OSError):  # a terminal that nobody writes to any more
        while chunk := os.read(ours, 4096):
            said += chunk
    os.close(ours)
    return Played(process.wait(), said.decode())


def test_tasks_that_go_well_are_not_shown_and_messages_for_people_are(tmp_path):
    played_well = played(tmp_path, PLAY)
    assert played_well.code == 0
    assert "TASK" not in played_well.said
    assert "localhost: hello once\nlocalhost: hello twice\n" in played_well.said
    assert "All items" not in played_well.said
    assert "failed=0" in played_well.said


def test_on_a_terminal_a_line_tells_the_task_under_way(tmp_path):
    shown = played(tmp_path, PLAY, TERM="xterm", COLUMNS="22")
    assert shown.code == 0
    assert " s, task 1: Make it" in shown.said
    assert "Make it so" not in shown.said  # a line longer than the terminal could not be rewritten
    assert " s, task 4: " in shown.said


def test_what_fails_is_shown_with_its_task(tmp_path):
    broken = played(tmp_path, PLAY + FAILS)
    assert broken.code == 2
    assert "TASK [Break]" in broken.said
    assert "msg: that is why" in broken.said
    assert "TASK [Reckoned with]" not in broken.said
    assert "failed=1" in broken.said
