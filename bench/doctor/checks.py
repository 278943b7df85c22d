"""The judgements: from a box's facts to findings. Pure; ``collect`` brings the facts, ``table`` shows the findings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Grade = Literal["ok", "warning", "failure", "unknown"]

FREE_MB = 3_000
MEMORY_MB = 2_000
CLOCK_S = 2.0
FSYNC_TOO_GOOD = 5_000
"""Flushes a second. Flash without power-loss protection takes from 0.5 ms: a Samsung 990 Pro does 608 fdatasync/s
(tanelpoder.com, 2025-05-27). One that needs under 0.2 ms is protected, or does not flush."""
FSYNC_FIGURE = re.compile(r"([\d.]+) s, ")
FSYNC_WRITES = 200
CONTAINERS = {
    "lxc": "an LXC container, as Proxmox VE makes them,",
    "docker": "a Docker container",
    "podman": "a Podman container",
    "systemd-nspawn": "a systemd-nspawn container",
    "wsl": "WSL",
}
"""As systemd-detect-virt(1) names them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at on one box."""

    check: str
    grade: Grade
    detail: str


@dataclass(frozen=True, slots=True)
class Box:
    """What a box said: its facts, or why there are none."""

    name: str
    facts: Mapping[str, str]
    trouble: str | None = None
    troubled: str = "SSH"
    clock_offset_s: float | None = None
    greeting: str = ""
    """The first line its shell prints that nobody asked for."""
    systems: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The table of systems (``roles/host/vars/systems.yml``)."""
    processors: Sequence[str] = ()
    """Those that it makes ready, of the same table."""
    settings: Sequence[str] = ()
    """What provisioning sets of a kernel."""


def examine(box: Box, release: str) -> list[Finding]:
    """Return the findings of a box; ``release`` is that of the control machine."""
    if box.trouble:
        return [Finding(box.troubled, "failure", box.trouble)]
    facts = box.facts
    found = [
        _ssh(box.greeting),
        _sudo(facts),
        _system(facts, box.systems),
        _processor(facts["architecture"], box.processors),
        _at_least("disk", facts["data_free_mb"], FREE_MB, f"MB free under {facts['data']}"),
        _memory(facts),
        _processors(facts),
        _clock(box.clock_offset_s),
        _governor(facts),
        _throttling(facts["throttled"]),
        _fsync(facts["fsync"]),
        _release(facts["provisioned"], release),
    ]
    if facts["container"] != "none":
        found.append(_container(facts["container"], box.settings))
    if facts["cluster"]:
        found.append(_is("cluster", facts["cluster"], facts["cluster"] == "active", "make provision"))
    return found


def _ssh(greeting: str) -> Finding:
    if not greeting:
        return Finding("SSH", "ok", "connected, host key as recorded")
    where = "its shell greets programs too, which can stop copies: greet in ~/.profile instead of ~/.bashrc"
    return Finding("SSH", "warning", f"connected, but says {greeting[:40]!r}; {where}")


def _is(check: str, value: str, good: bool, otherwise: str) -> Finding:
    if good:
        return Finding(check, "ok", value)
    return Finding(check, "failure", f"{value}; {otherwise}")


def _warn_unless(check: str, good: bool, detail: str) -> Finding:
    return Finding(check, "ok" if good else "warning", detail)


def _at_least(check: str, value: str, least: int, unit: str, *, per_unit: int = 1) -> Finding:
    if not value:
        return Finding(check, "unknown", "the box did not report it")
    units = int(value) // per_unit
    if units >= least:
        return Finding(check, "ok", f"{units} {unit}")
    return Finding(check, "failure", f"{units} {unit}; {least} needed")


def _system(facts: Mapping[str, str], systems: Mapping[str, Mapping[str, Any]]) -> Finding:
    name = facts["system_name"]
    entry = systems.get(facts["system"])
    if entry is None:
        supported = ", ".join(str(each["name"]) for each in systems.values())
        return Finding("system", "failure", f"{name}; pgladder supports {supported}")
    if not entry["tested"]:
        return Finding("system", "warning", f"{name}; supported, but none of pgladder's tests runs on it")
    return Finding("system", "ok", name)


def _processor(name: str, ready: Sequence[str]) -> Finding:
    lacking = (
        f"packages that pgladder brings have wheels for {' and '.join(ready)} alone, so it can't be made ready;"
        " measure its PostgreSQL from a machine that has one, by pgladder run --dsn"
    )
    return _is("processor", name, name in ready, lacking)


def _memory(facts: Mapping[str, str]) -> Finding:
    """Judge what the machine has, or what the control group of a container leaves of it."""
    limit = facts["memory_limit"]
    if facts["memory_kb"] and limit.isdigit() and int(limit) // 1024 < int(facts["memory_kb"]):
        limit_kb = str(int(limit) // 1024)
        return _at_least("memory", limit_kb, MEMORY_MB, "MB, by its control group", per_unit=1024)
    return _at_least("memory", facts["memory_kb"], MEMORY_MB, "MB", per_unit=1024)


def _processors(facts: Mapping[str, str]) -> Finding:
    """Report how many processors it may use: a quota of time counts as that many."""
    quota, _, period = facts["cpu_limit"].partition(" ")
    if not facts["cpus"]:
        return Finding("processors", "unknown", "the box did not report them")
    if not quota.isdigit() or int(quota) >= int(facts["cpus"]) * int(period):
        return Finding("processors", "ok", facts["cpus"])
    worth = int(quota) / int(period)
    return Finding("processors", "ok", f"{facts['cpus']}, with time for {worth:g} of them by its control group")


def _container(kind: str, settings: Sequence[str]) -> Finding:
    name = CONTAINERS.get(kind, f"a container ({kind})")
    void = f"void here are {', '.join(settings)}; set them on the machine that runs it"
    return Finding("container", "warning", f"{name} shares the kernel of its host; {void}")


def _sudo(facts: Mapping[str, str]) -> Finding:
    if facts["sudo"] == "free":
        return Finding("sudo", "ok", "without a password")
    if facts["sudo"] == "given":
        return Finding("sudo", "ok", "with the password given")
    if "not found" in facts["sudo"]:
        return Finding("sudo", "failure", "not there; as root on the box: apt-get install sudo, adduser USER sudo")
    if facts["sudo_group"]:
        return Finding("sudo", "ok", "with a password, which provisioning asks for once")
    return Finding("sudo", "unknown", "SUDO=1 tries your password; if refused, as root on the box: adduser USER sudo")


def _clock(offset_s: float | None) -> Finding:
    if offset_s is None:
        return Finding("clock", "unknown", "the box did not report it")
    side = "ahead of"
    if offset_s < 0:
        side = "behind"
    detail = f"{abs(offset_s):.1f} s {side} this machine's, to about half a second"
    return _warn_unless("clock", abs(offset_s) <= CLOCK_S, detail)


def _governor(facts: Mapping[str, str]) -> Finding:
    if facts["governor"]:
        return _warn_unless("governor", facts["governor"] == "performance", facts["governor"])
    if facts["container"] != "none":
        return Finding("governor", "unknown", f"not applicable: shared kernel ({facts['container']})")
    return Finding("governor", "unknown", "not applicable: this machine has none")


def _throttling(count: str) -> Finding:
    if not count:
        return Finding("throttling", "unknown", "this machine does not count it")
    return _warn_unless("throttling", count == "0", f"{count} times since it was switched on")


def _fsync(answer: str) -> Finding:
    if answer.startswith("not measured: "):
        return Finding("fsync", "unknown", answer)
    found = FSYNC_FIGURE.search(answer)
    if not found:
        return Finding("fsync", "failure", f"could not be measured: {answer}")
    rate = FSYNC_WRITES / float(found[1])
    if rate > FSYNC_TOO_GOOD:
        return Finding("fsync", "warning", f"{rate:,.0f} a second: too good for a drive without power-loss protection")
    return Finding("fsync", "ok", f"{rate:,.0f} a second")


def _release(there: str, here: str) -> Finding:
    if not there:
        return Finding("pgladder", "warning", "not on the box yet: make provision")
    if there == here:
        return Finding("pgladder", "ok", f"{here} on both sides")
    return Finding("pgladder", "failure", f"{there} there, {here} here: make provision")
