"""No role or playbook reaches into another role: what is its own stays so, what it gives to others its README names."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.unit.inventory.shell import CHECKOUT, ROLES

NAMES = sorted((folder.name for folder in ROLES.iterdir() if folder.is_dir()), key=len, reverse=True)
TEXT = {".yml", ".j2", ".sh", ".py", ".conf", ".service"}
FOLDERS = ("roles", "playbooks", "inventory", "plugins", "templates")
FILES = [
    file
    for folder in FOLDERS
    for file in sorted((CHECKOUT / folder).rglob("*"))
    if file.suffix in TEXT and file.is_file()
]
OWN = re.compile(r"(?<![A-Za-z0-9_])__[a-z][a-z0-9_]*(?<!__)\b")
"""A name that begins with two underscores; what Python calls so ends with two as well."""
ENTERING = ("ansible.builtin.import_role", "ansible.builtin.include_role")
OF_ANOTHER_FOLDER = re.compile(
    r"roles/([a-z_]+)/|role_path[^\n/]*/\.\./([a-z_]+)/|role_path *\| *dirname *~ *'/([a-z_]+)"
)
"""A path into a role, from the checkout or from the folder of another one."""


def role_of(path: Path) -> str:
    """Return whose file it is; empty where it is no role's."""
    parts = path.relative_to(CHECKOUT).parts
    return parts[1] if parts[0] == "roles" else ""


def reaching(text: str, role: str) -> list[str]:
    """Name what a text uses that is another role's own: its names, its files; ``role`` is whose text it is."""
    found = [name for name in OWN.findall(text) if owner(name) != role or not role]
    code = "\n".join(line.partition("# ")[0] for line in text.splitlines())
    for match in OF_ANOTHER_FOLDER.finditer(code):
        other = next(filter(None, match.groups()))
        if other in NAMES and other != role:
            found.append(match[0])
    return found


def owner(name: str) -> str:
    """Return the role that a name is of, the longest that fits; empty where it is none's."""
    return next((role for role in NAMES if name.startswith(f"__{role}_")), "")


def test_what_is_a_roles_own_is_used_by_itself_alone() -> None:
    used = {str(file.relative_to(CHECKOUT)): reaching(file.read_text(), role_of(file)) for file in FILES}
    assert {file: names for file, names in used.items() if names} == {}


def test_who_reaches_into_another_role_is_found() -> None:
    assert reaching("when: __replica_written.made", "") == ["__replica_written"]
    assert reaching("when: __replica_written.made", "bench") == ["__replica_written"]
    assert reaching("{{ hostvars[box].__replica_written.made }}", "bench") == ["__replica_written"]
    assert reaching("{{ lookup('vars', '__host_' ~ name) }}", "bench") == ["__host_"]
    assert reaching("{{ lookup('vars', '__host_files') }}", "bench") == ["__host_files"]
    assert reaching("__another: 1", "host") == ["__another"]
    assert reaching('src: "{{ role_path }}/../host/files/probe.sh"', "bench") == ["role_path }}/../host/"]
    assert reaching("lookup('file', role_path ~ '/../host/files/probe.sh')", "bench")
    assert reaching("lookup('file', playbook_dir ~ '/../roles/host/files/probe.sh')", "") == ["roles/host/"]
    assert reaching("{{ role_path | dirname ~ '/host/files/probe.sh' }}", "bench")
    assert reaching("{{ __host_private }} {{ role_path }}/../../bench/probes/systems.toml", "host") == []
    assert reaching("def __init__(self): self.__class__", "") == []


# --- what is given ----------------------------------------------------------------------------------------------------


def tasks(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the tasks of a file, those in blocks and in plays too."""
    waiting = list(yaml.safe_load(file.read_text()) or [])
    while waiting:
        task = waiting.pop(0)
        yield task
        for part in ("block", "rescue", "always", "tasks", "pre_tasks", "post_tasks"):
            waiting += task.get(part, [])


def kept(role: str) -> set[str]:
    """Return the names of what the role's tasks find out and keep, beside its own."""
    found: set[str] = set()
    for file in (ROLES / role / "tasks").glob("*.yml"):
        for task in tasks(file):
            facts = task.get("ansible.builtin.set_fact", {}).keys()
            found |= {name for name in (*facts, task.get("register", "__")) if not name.startswith(("__", "ansible_"))}
    return found


def test_what_a_role_finds_out_for_others_bears_its_name_and_stands_in_its_readme() -> None:
    assert "replica_made" in kept("replica")
    for role in NAMES:
        readme = (ROLES / role / "README.md").read_text()
        for name in kept(role):
            assert name.startswith(f"{role}_"), f"{role} keeps {name}"
            assert f"`{name}`" in readme, f"roles/{role}/README.md lacks {name}"


def test_what_a_role_finds_out_for_others_is_used_by_others() -> None:
    for role in NAMES:
        others = "".join(file.read_text() for file in FILES if role_of(file) != role)
        assert [name for name in kept(role) if not re.search(rf"\b{name}\b", others)] == []


def test_a_role_is_entered_by_its_entry_points_alone() -> None:
    entered: list[tuple[str, str]] = []
    for file in [*(CHECKOUT / "playbooks").glob("*.yml"), *ROLES.glob("*/tasks/*.yml")]:
        for task in tasks(file):
            taken = [task[word] for word in ENTERING if word in task]
            entered += [(each["name"], each.get("tasks_from", "main")) for each in taken]
    assert ("host", "bootstrap") in entered
    for role, entry in entered:
        specs = yaml.safe_load((ROLES / role / "meta/argument_specs.yml").read_text())["argument_specs"]
        assert entry in specs, f"{role} has no entry point {entry}"
