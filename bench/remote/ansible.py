"""Ansible's programs of this environment: how they are called, and what a play prints of each host.

What is asked of them is ``hosts``'s and ``bench.doctor``'s.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench.model.language import tr

CHECKOUT = Path(__file__).parents[2]
READABLE = {
    "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
    "ANSIBLE_NOCOLOR": "1",
    "ANSIBLE_STDOUT_CALLBACK": "default",
    "LC_ALL": "C.UTF-8",
    "PYTHONIOENCODING": "utf-8",
}
"""Whatever the environment says: Ansible takes no locale but UTF-8, and its answer is read here."""
ANSWER = re.compile(r"^ok: \[(.+?)\] => (?=\{)", re.MULTILINE)
FAILED = re.compile(r"FAILED! => (?=\{)")
LAST_FOR_PYTHON_311 = "2.19."
"""Of ansible-core; its support ended in November 2026 (docs.ansible.com, Releases and maintenance)."""


def program(name: str) -> str:
    """Return the path of one of Ansible's programs, which lie beside this Python."""
    return str(Path(sys.executable).with_name(name))


def warn_unsupported() -> None:
    """Say of an Ansible that gets no more fixes that it does: on standard error, at setup and by doctor."""
    installed = version("ansible-core")
    if installed.startswith(LAST_FOR_PYTHON_311):
        sentence = tr(
            "ansible-core {version}, the last for Python 3.11, has been out of support since November 2026; a Python"
            " 3.12 or later here takes a supported one: make clean setup PYTHON=python3.13",
            version=installed,
        )
        sys.stderr.write(f"{sentence}\n")


def answers(printed: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each host's name and what the last task of a play answers there."""
    for answer in ANSWER.finditer(printed):
        yield answer[1], _message(printed, answer.end())


def failure(printed: str) -> str | None:
    """Return what a task failed with; None where none did."""
    failed = FAILED.search(printed)
    if failed is None:
        return None
    return str(_message(printed, failed.end()))


def _message(printed: str, at: int) -> Any:
    # Read as far as the JSON goes: more output follows it.
    result, _ = json.JSONDecoder().raw_decode(printed, at)
    return result["msg"]
