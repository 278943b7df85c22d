"""Every task of the roles that may change a box declares its undo beside it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.inventory.shell import ROLES

ON_BOXES = ("host", "postgresql", "timescaledb", "citus", "clickhouse", "replica", "client", "bench")
FILES = [file for role in ON_BOXES for file in sorted((ROLES / role / "tasks").glob("*.yml"))]
LISTS = ("block", "rescue", "always")
RUNS_A_PROGRAM = {"command", "raw", "shell"}
PROGRAMS_THAT_LOOK = {
    "Ask the box for its Python, where it had none",
    "Collect the wheels",  # on the control machine
    "Have it start one, to see that it can",
    "Ask it whether it can have a client box",
    "Ask the box",
    "Ask the box what it is",
    "Become root once",
    "Ask it whether it can have a standby",
}
"""What else a program does is not known by ``changed_when: false``."""
READ_ONLY = {
    "assert",
    "debug",
    "fail",
    "import_role",
    "import_tasks",
    "include_role",
    "include_tasks",
    "include_vars",
    "meta",
    "pause",
    "set_fact",
    "stat",
}
KEYWORDS = {
    *(
        "args",
        "become",
        "changed_when",
        "check_mode",
        "delegate_to",
        "environment",
        "failed_when",
        "ignore_unreachable",
    ),
    *("loop", "loop_control", "name", "no_log", "notify", "register", "run_once", "throttle", "timeout", "until"),
    *("retries", "delay", "vars", "when"),
}


def tasks(each: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the tasks of a list, those in blocks too, under the conditions of their blocks."""
    for task in each:
        if "block" not in task:
            yield task
        for part in LISTS:
            for within in tasks(task.get(part, [])):
                yield within | {"when": f"{conditions(task)} and {conditions(within)}"}


def module(task: dict[str, Any]) -> str:
    [name] = task.keys() - KEYWORDS
    return name.removeprefix("ansible.builtin.")


def parameters(task: dict[str, Any]) -> dict[str, Any]:
    [name] = task.keys() - KEYWORDS
    return task[name] if isinstance(task[name], dict) else {}


def conditions(task: dict[str, Any]) -> str:
    when = task.get("when", "")
    return " and ".join(map(str, when)) if isinstance(when, list) else str(when)


def without_undo(each: list[dict[str, Any]], role: str, others: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Name the tasks that may report a change, and neither undo it themselves nor name the task that does.

    One that has ``state: "{{ role_state }}"``, alone or in a choice of words, does both; one that runs only when the
    role's state is ``absent`` is an undo itself. A task of another role is named with it: ``host: Task``.
    """
    wrong: list[str] = []
    undoing = {task["name"] for task in tasks([*each, *others.get(role, [])]) if _undoes(task, role)}
    for other, theirs in others.items():
        undoing |= {f"{other}: {task['name']}" for task in tasks(theirs) if _undoes(task, other)}
    for task in tasks(each):
        undo = task.get("vars", {}).get("undo")
        if not _only_looks(task) and not _undoes(task, role) and undo not in undoing:
            wrong.append(f"{task['name']}: its undo is {undo!r}, which is no task that runs when absent")
    return wrong


def _only_looks(task: dict[str, Any]) -> bool:
    if module(task) in RUNS_A_PROGRAM:
        return task["name"] in PROGRAMS_THAT_LOOK
    says_so = task.get("changed_when") is False and "undo" not in task.get("vars", {})
    return module(task) in READ_ONLY or says_so


def _undoes(task: dict[str, Any], role: str) -> bool:
    state = str(parameters(task).get("state", ""))
    return f"{role}_state" in state or f"{role}_state == 'absent'" in conditions(task)


@pytest.fixture(scope="module")
def roles() -> dict[str, list[dict[str, Any]]]:
    """Every task of each role."""
    return {role: [task for file in FILES if file.parts[-3] == role for task in read(file)] for role in ON_BOXES}


def read(file: Path) -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = yaml.safe_load(file.read_text())
    return read


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parts[-3]}/{file.name}")
def test_what_a_task_changes_is_undone_by_itself_or_by_one_that_it_names(file: Path, roles: dict[str, Any]) -> None:
    assert without_undo(read(file), file.parts[-3], roles) == []


DO = {"name": "do", "ansible.builtin.copy": {"dest": "/x"}, "when": "host_state == 'present'"}
UNDO = {"name": "undo", "ansible.builtin.file": {"path": "/x", "state": "absent"}, "when": "host_state == 'absent'"}


def test_a_task_without_an_undo_is_found() -> None:
    assert len(without_undo([DO], "host", {})) == 1
    assert len(without_undo([{"name": "both", "block": [DO]}, UNDO], "host", {})) == 1
    assert len(without_undo([DO | {"vars": {"undo": "another"}}, UNDO], "host", {})) == 1
    assert len(without_undo([DO | {"vars": {"undo": "undo"}}], "host", {"bench": [UNDO]})) == 1
    assert len(without_undo([DO | {"vars": {"undo": "undo"}}], "host", {})) == 1
    assert without_undo([DO | {"vars": {"undo": "undo"}}, UNDO], "host", {}) == []
    assert without_undo([DO | {"vars": {"undo": "undo"}}], "host", {"host": [UNDO]}) == []
    assert without_undo([DO | {"vars": {"undo": "host: undo"}}], "bench", {"host": [UNDO]}) == []
    assert without_undo([DO | {"changed_when": False}], "host", {}) == []
    program = {"name": "do", "ansible.builtin.command": {"argv": ["x"]}, "changed_when": False}
    assert len(without_undo([program], "host", {})) == 1
    assert without_undo([DO | {"vars": {"undo": "undo"}}, {"name": "way back", "block": [UNDO]}], "host", {}) == []
    within = {"name": "way back", "when": "host_state == 'absent'", "block": [{**UNDO, "when": "other"}]}
    assert without_undo([DO | {"vars": {"undo": "undo"}}, within], "host", {}) == []
    both = {"name": "both", "pgladder_found": {"state": "{{ host_state }}"}}
    assert without_undo([both], "host", {}) == []
