"""Which boxes, and how to reach them: from ``ansible-inventory``, so that there is one list of hosts."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.model import WrongUseError

CHECKOUT = Path(__file__).parents[2]
TIMEOUT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A box of the inventory; ``user`` None is whoever SSH takes by itself."""

    name: str
    address: str
    port: int
    user: str | None
    key_file: Path | None
    known_hosts: Path
    agent_user: str
    """The system user that runs are carried out by."""
    password: str | None = field(repr=False)
    sudo_password: str | None = field(repr=False)


def target(*, host: str = "", limit: str = "", user_name: str = "", port: str | int = "", key: str = "") -> list[str]:
    """Return Ansible's arguments for the words of the front door, as the Makefile's TARGET does."""
    pairs = (("ansible_user", user_name), ("ansible_port", port), ("ansible_ssh_private_key_file", key))
    return [
        *(["-i", "inventory", "-i", f"{host},", "--limit", host] if host else []),
        *(["--limit", limit] if limit else []),
        *(word for name, value in pairs if value for word in ("-e", f"{name}={value}")),
    ]


def ask_ansible(arguments: Sequence[str]) -> subprocess.Popen[str]:
    """Ask for the hosts; ``arguments`` are Ansible's own (``-i``, ``--limit``, ``-e``). It takes a second or two."""
    command = [str(Path(sys.executable).with_name("ansible-inventory")), "--list", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, cwd=CHECKOUT)


def answered(asked: subprocess.Popen[str]) -> list[Host]:
    """Return the hosts that Ansible names.

    Raises:
        WrongUseError: none fits, or one is described in a way that only Ansible itself understands.

    """
    try:
        out, complaints = asked.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        asked.kill()
        raise WrongUseError(f"ansible-inventory did not answer within {TIMEOUT_S} s.") from error
    if asked.returncode:
        raise WrongUseError(f"The inventory can't be read: {(complaints.strip().splitlines() or ['?'])[-1]}")
    return parse_inventory(out)


def parse_inventory(text: str) -> list[Host]:
    """Read what ``ansible-inventory --list`` prints; raises as ``answered``."""
    listed = json.loads(text)
    variables: Mapping[str, Mapping[str, Any]] = listed["_meta"]["hostvars"]
    names = {name for group in listed.values() for name in group.get("hosts", ())} - {"localhost"}
    if not names:
        raise WrongUseError("No box fits; name one by HOST= or LIMIT=, or list it in inventory/hosts.yml.")
    return [_host(name, variables.get(name, {})) for name in sorted(names)]


def _host(name: str, variables: Mapping[str, Any]) -> Host:
    def text(variable: str) -> str | None:
        value = variables.get(variable)
        if isinstance(value, str) and "{{" in value:
            raise WrongUseError(f"{name}: {variable} in the inventory is a template; write its value there.")
        return None if value is None else str(value)

    if "/" in name or name.startswith("."):
        raise WrongUseError(f"{name!r} in the inventory: a box's name is that of the directory of its results.")
    key = text("ansible_ssh_private_key_file")
    return Host(
        name=name,
        address=text("ansible_host") or name,
        port=_port(name, text("ansible_port") or "22"),
        user=text("ansible_user"),
        key_file=Path(key).expanduser() if key else None,
        known_hosts=Path(text("known_hosts_file") or "~/.ssh/known_hosts").expanduser(),
        agent_user=text("bench_user") or "pgladder",
        password=text("ansible_password") or text("ansible_ssh_pass"),
        sudo_password=text("ansible_become_password") or text("ansible_become_pass"),
    )


def _port(name: str, text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise WrongUseError(f"{name}: {text[:40]!r} is no port of a sshd.")
    return int(text)
