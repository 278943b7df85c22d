"""Which boxes, and how to reach them: from Ansible's inventory, so that there is one list of hosts."""

import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from bench.model.errors import DataError, HostError, UsageError
from bench.model.language import tr
from bench.model.parse import currency, number
from bench.remote.ansible import CHECKOUT, READABLE, answers, failure, program
from bench.remote.where import is_template

TIMEOUT_S = 120
VARIABLES: Mapping[str, Sequence[str]] = {
    "address": ("ansible_ssh_host", "ansible_host"),
    "port": ("ansible_ssh_port", "ansible_port"),
    "user": ("ansible_ssh_user", "ansible_user"),
    "key": ("ansible_ssh_private_key_file", "ansible_private_key_file"),
    "password": ("ansible_ssh_password", "ansible_ssh_pass", "ansible_password"),
    "sudo_password": ("ansible_sudo_pass", "ansible_become_pass", "ansible_become_password"),
    "arguments": ("ansible_ssh_args",),
    "common": ("ansible_ssh_common_args",),
    "extra": ("ansible_ssh_extra_args",),
    "known_hosts": ("known_hosts_file",),
    "agent_user": ("bench_user",),
    "price": ("price",),
    "currency": ("currency",),
    "watts": ("watts",),
}
"""By what is meant: Ansible's names, strongest first, as its plugins ssh and sudo take them; the last five are ours."""
KNOWN = frozenset(chain.from_iterable(VARIABLES.values()))
LAST_PORT = 65_535
OURS = "{{ known_hosts_args }}"
"""What inventory/group_vars/all.yml gives Ansible's own ssh: a link sets the same by itself."""
PLAY = "playbooks/hosts.yml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A box of the inventory; None and empty: as SSH's own configuration says."""

    name: str
    address: str
    port: int | None = None
    user: str | None = None
    key_file: Path | None = None
    known_hosts: Path | None = None
    """The file of host keys that counts instead of SSH's own."""
    ssh_words: tuple[str, ...] = ()
    """More arguments of ssh."""
    agent_user: str = "pgladder"
    """The system user that runs are carried out by."""
    price: float | None = None
    """What its owner paid for it, in ``currency``."""
    currency: str | None = None
    """Its code, of ISO 4217."""
    watts: float | None = None
    """That it takes under load, at the wall."""
    password: str | None = field(default=None, repr=False)
    sudo_password: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """Ansible, asked for the hosts; and its arguments, to ask for more."""

    process: "subprocess.Popen[str]"
    arguments: Sequence[str]


def ask_ansible(arguments: Sequence[str]) -> Asked:
    """Ask for the hosts; ``arguments`` are Ansible's own (``-i``, ``--limit``, ``-e``). It takes a second or two."""
    return Asked(_ansible("ansible-inventory", "--list", *arguments), arguments)


def answered(asked: Asked) -> list[Host]:
    """Return the hosts that Ansible names.

    Raises:
        UsageError: none fits.
        DataError: what the inventory says of one can't be read.
        HostError: Ansible does not answer.

    """
    variables = parse_inventory(_output_of(asked.process))
    values = chain.from_iterable(of.values() for of in variables.values())
    if any(map(_needs_ansible, values)):
        # A play takes a second more, and only it knows what templates and vaults come to.
        variables = parse_variables(_output_of(_ansible("ansible-playbook", PLAY, *asked.arguments)))
    return [host_of(name, of) for name, of in sorted(variables.items())]


def parse_inventory(text: str) -> dict[str, dict[str, Any]]:
    """Return what ``ansible-inventory --list`` prints of how to reach each host; raises as ``answered``."""
    listed = json.loads(text)
    variables: Mapping[str, Mapping[str, Any]] = listed["_meta"]["hostvars"]
    names: set[str] = set()
    for group in listed.values():
        names.update(group.get("hosts", ()))
    # The control machine is no box, whichever inventory lists it.
    names.discard("localhost")
    if not names:
        raise UsageError(tr("No box matches; name one by HOST= or LIMIT=, or list it in inventory/hosts.yml."))
    return {name: _of_ssh(variables.get(name, {})) for name in names}


def parse_variables(text: str) -> dict[str, dict[str, Any]]:
    """Return what the play ``PLAY`` prints of how to reach each host."""
    return {name: _of_ssh(variables) for name, variables in answers(text)}


def host_of(name: str, variables: Mapping[str, Any]) -> Host:
    """Return a host of what Ansible says of it; raises as ``answered``."""
    if "/" in name or name.startswith("."):
        raise DataError(
            tr("{name!r} in the inventory can't name a box: that is the directory of its results.", name=name)
        )
    meant = {what: _value(variables, names) for what, names in VARIABLES.items()}
    words: list[str] = []
    for each in ("arguments", "common", "extra"):
        words += _words(name, meant[each])
    return Host(
        name=name,
        address=meant["address"] or name,
        port=_port(name, meant["port"]),
        user=meant["user"],
        key_file=_file(meant["key"]),
        known_hosts=_file(meant["known_hosts"]),
        ssh_words=tuple(words),
        agent_user=meant["agent_user"] or "pgladder",
        **_owned(name, meant),
        password=meant["password"],
        sudo_password=meant["sudo_password"],
    )


def _ansible(name: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [program(name), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        cwd=CHECKOUT,
        env=os.environ | READABLE,
    )


def _output_of(process: "subprocess.Popen[str]") -> str:
    try:
        out, complaints = process.communicate(timeout=TIMEOUT_S)
    except subprocess.TimeoutExpired as error:
        process.kill()
        raise HostError(tr("Ansible did not answer within {seconds} s.", seconds=TIMEOUT_S)) from error
    if process.returncode:
        last_line = (complaints.strip().splitlines() or [tr("it does not say why")])[-1]
        raise DataError(tr("The inventory can't be read: {why}", why=failure(out) or last_line))
    return out


def _of_ssh(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Keep what says how to reach a host."""
    return {name: value for name, value in variables.items() if name in KNOWN}


def _needs_ansible(value: object) -> bool:
    """Return whether only Ansible itself knows what a value is: a template, or from a vault."""
    return isinstance(value, dict) or (isinstance(value, str) and value != OURS and is_template(value))


def _value(variables: Mapping[str, Any], names: Sequence[str]) -> str | None:
    for name in names:
        value = variables.get(name)
        if value not in (None, ""):
            return None if value == OURS else str(value)
    return None


def _owned(name: str, meant: Mapping[str, str | None]) -> dict[str, Any]:
    """Return what the owner of a box says of it; raises DataError where that can't be."""
    found = {}
    for what, read in (("price", number(float)), ("currency", currency), ("watts", number(float))):
        text = meant[what]
        try:
            found[what] = None if text is None else read(text)
        except ValueError as error:
            raise DataError(
                tr("{name}: {what} in the inventory: {error}.", name=name, what=what, error=error)
            ) from error
    if (found["price"] is None) != (found["currency"] is None):
        raise DataError(
            tr(
                "{name}: price and currency belong together in the inventory: price: 149, currency: EUR.",
                name=name,
            )
        )
    return found


def _file(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None


def _words(name: str, text: str | None) -> list[str]:
    try:
        return shlex.split(text or "")
    except ValueError as error:
        refused = tr(
            "{name}: SSH's arguments in the inventory can't be read ({error}): {text!r}",
            name=name,
            error=error,
            text=text,
        )
        raise DataError(refused) from error


def _port(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not 0 < int(text) <= LAST_PORT:
        raise UsageError(tr("{name}: {text!r} is not a port number.", name=name, text=text[:40]))
    return int(text)
