"""The judgements: from a box's facts to findings. Pure; ``collect`` brings the facts, ``table`` shows the findings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bench.model.language import later, tr

Grade = Literal["ok", "warning", "failure", "unknown"]
GRADES: Mapping[Grade, str] = {
    "ok": later("ok"),
    "warning": later("warning"),
    "failure": later("failure"),
    "unknown": later("unknown"),
}
CHECKS = {
    "system": later("system"),
    "processor": later("processor"),
    "processors": later("processors"),
    "disk": later("disk"),
    "memory": later("memory"),
    "clock": later("clock"),
    "governor": later("governor"),
    "throttling": later("throttling"),
    "container": later("container"),
    "cluster": later("cluster"),
}
"""What is looked at, in the words of people; names of programs stay."""

FREE_MB = 3_000
MEMORY_MB = 2_000
CLOCK_S = 2.0
FSYNC_TOO_GOOD = 5_000
"""Flushes a second. Flash without power-loss protection takes from 0.5 ms: a Samsung 990 Pro does 608 fdatasync/s
(tanelpoder.com, 2025-05-27). One that needs under 0.2 ms is protected, or does not flush."""
FSYNC_FIGURE = re.compile(r"([\d.]+) s, ")
FSYNC_WRITES = 200
CONTAINERS = {
    "lxc": later("an LXC container, as Proxmox VE makes them,"),
    "docker": later("a Docker container"),
    "podman": later("a Podman container"),
    "systemd-nspawn": later("a systemd-nspawn container"),
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
    """The table of systems (``bench/probes/systems.toml``)."""
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
        _at_least("disk", facts["data_free_mb"], FREE_MB, tr("MB free under {place}", place=facts["data"])),
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
        return Finding("SSH", "ok", tr("connected, host key as recorded"))
    greets = tr(
        "connected, but says {greeting!r}; its shell greets programs too, which can stop copies: greet in ~/.profile"
        " instead of ~/.bashrc",
        greeting=greeting[:40],
    )
    return Finding("SSH", "warning", greets)


def _is(check: str, value: str, good: bool, otherwise: str) -> Finding:
    if good:
        return Finding(check, "ok", value)
    return Finding(check, "failure", f"{value}; {otherwise}")


def _warn_unless(check: str, good: bool, detail: str) -> Finding:
    return Finding(check, "ok" if good else "warning", detail)


def _at_least(check: str, value: str, least: int, unit: str, *, per_unit: int = 1) -> Finding:
    if not value:
        return Finding(check, "unknown", tr("the box did not report it"))
    units = int(value) // per_unit
    if units >= least:
        return Finding(check, "ok", f"{units} {unit}")
    return Finding(check, "failure", tr("{there}; {least} needed", there=f"{units} {unit}", least=least))


def _system(facts: Mapping[str, str], systems: Mapping[str, Mapping[str, Any]]) -> Finding:
    name = facts["system_name"]
    entry = systems.get(facts["system"])
    if entry is None:
        supported = ", ".join(str(each["name"]) for each in systems.values())
        refused = tr(
            "{name}; pgladder supports {known}; go on at your own risk with host_any_system: true",
            name=name,
            known=supported,
        )
        return Finding("system", "failure", refused)
    if not entry["tested"]:
        untested = tr("{name}; supported, but none of pgladder's tests runs on it", name=name)
        return Finding("system", "warning", untested)
    return Finding("system", "ok", name)


def _processor(name: str, ready: Sequence[str]) -> Finding:
    lacking = tr(
        "packages that pgladder brings have wheels for {names} alone, so it can't be made ready; measure its PostgreSQL"
        " from a machine that has one, by pgladder run --dsn",
        names=tr(" and ").join(ready),
    )
    return _is("processor", name, name in ready, lacking)


def _memory(facts: Mapping[str, str]) -> Finding:
    """Judge what the machine has, or what the control group of a container leaves of it."""
    limit = facts["memory_limit"]
    if facts["memory_kb"] and limit.isdigit() and int(limit) // 1024 < int(facts["memory_kb"]):
        limit_kb = str(int(limit) // 1024)
        return _at_least("memory", limit_kb, MEMORY_MB, tr("MB, by its control group"), per_unit=1024)
    return _at_least("memory", facts["memory_kb"], MEMORY_MB, "MB", per_unit=1024)


def _processors(facts: Mapping[str, str]) -> Finding:
    """Report how many processors it may use: a quota of time counts as that many."""
    quota, _, period = facts["cpu_limit"].partition(" ")
    if not facts["cpus"]:
        return Finding("processors", "unknown", tr("the box did not report them"))
    if not quota.isdigit() or int(quota) >= int(facts["cpus"]) * int(period):
        return Finding("processors", "ok", facts["cpus"])
    worth = int(quota) / int(period)
    has = tr("{count}, with time for {worth:g} of them by its control group", count=facts["cpus"], worth=worth)
    return Finding("processors", "ok", has)


def _container(kind: str, settings: Sequence[str]) -> Finding:
    name = tr(CONTAINERS[kind]) if kind in CONTAINERS else tr("a container ({kind})", kind=kind)
    shares = tr(
        "{name} shares the kernel of its host; void here are {settings}; set them on the machine that runs it",
        name=name,
        settings=", ".join(settings),
    )
    return Finding("container", "warning", shares)


def _sudo(facts: Mapping[str, str]) -> Finding:
    if facts["sudo"] == "free":
        return Finding("sudo", "ok", tr("without a password"))
    if facts["sudo"] == "given":
        return Finding("sudo", "ok", tr("with the password given"))
    if "not found" in facts["sudo"]:
        return Finding("sudo", "failure", tr("not there; as root on the box: apt-get install sudo, adduser USER sudo"))
    if facts["sudo_group"]:
        return Finding("sudo", "ok", tr("with a password, which provisioning asks for once"))
    tries = tr("SUDO=1 tries your password; if refused, as root on the box: adduser USER sudo")
    return Finding("sudo", "unknown", tries)


def _clock(offset_s: float | None) -> Finding:
    if offset_s is None:
        return Finding("clock", "unknown", tr("the box did not report it"))
    detail = tr("{seconds:.1f} s ahead of this machine's, to about half a second", seconds=abs(offset_s))
    if offset_s < 0:
        detail = tr("{seconds:.1f} s behind this machine's, to about half a second", seconds=abs(offset_s))
    return _warn_unless("clock", abs(offset_s) <= CLOCK_S, detail)


def _governor(facts: Mapping[str, str]) -> Finding:
    if facts["governor"]:
        return _warn_unless("governor", facts["governor"] == "performance", facts["governor"])
    if facts["container"] != "none":
        shared = tr("not applicable: shared kernel ({container})", container=facts["container"])
        return Finding("governor", "unknown", shared)
    return Finding("governor", "unknown", tr("not applicable: this machine has none"))


def _throttling(count: str) -> Finding:
    if not count:
        return Finding("throttling", "unknown", tr("this machine does not count it"))
    times = tr("{count} times since it was switched on", count=count)
    return _warn_unless("throttling", count == "0", times)


def _fsync(answer: str) -> Finding:
    if answer.startswith("not measured: "):
        return Finding("fsync", "unknown", answer)
    found = FSYNC_FIGURE.search(answer)
    if not found:
        return Finding("fsync", "failure", tr("could not be measured: {why}", why=answer))
    rate = FSYNC_WRITES / float(found[1])
    if rate > FSYNC_TOO_GOOD:
        too_good = tr("{rate:,.0f} a second: too good for a drive without power-loss protection", rate=rate)
        return Finding("fsync", "warning", too_good)
    return Finding("fsync", "ok", tr("{rate:,.0f} a second", rate=rate))


def _release(there: str, here: str) -> Finding:
    if not there:
        return Finding("pgladder", "warning", tr("not on the box yet: make provision"))
    if there == here:
        return Finding("pgladder", "ok", tr("{release} on both sides", release=here))
    return Finding("pgladder", "failure", tr("{there} there, {here} here: make provision", there=there, here=here))
