"""What could explain a difference between two hosts: facts by group and name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar

from msgspec import Meta

from bench.model.plain import one_line
from bench.model.values import MOST, Name

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A fact that could not be read, and why."""

    unreadable: str

    def __post_init__(self) -> None:
        """Make one harmless line of what a file or a program may have said."""
        object.__setattr__(self, "unreadable", one_line(self.unreadable))


Fact = str | int | float | bool | list[Any] | dict[str, Any] | Unreadable
"""What is known of the host: a value, or why there is none."""
FACT_SCHEMA = {
    "anyOf": [
        {"type": ["string", "number", "boolean", "array"]},
        {"type": "object", "properties": {"unreadable": {"type": "string"}}},
    ]
}


def known(fact: T | Unreadable) -> T | None:
    """Return a fact, None where it could not be read."""
    if isinstance(fact, Unreadable):
        return None
    return fact


def is_reason(fact: object) -> bool:
    """Return whether a fact as JSON keeps it only says why there is none."""
    return isinstance(fact, dict) and fact.keys() == {"unreadable"}


def _fact(fact: Any) -> Any:
    # Most facts are: thousands of hosts are read at once.
    if isinstance(fact, str):
        return fact
    if isinstance(fact, (int, float)) and abs(fact) > MOST:
        raise ValueError(f"a fact is a number beyond {MOST:.0e}")
    if is_reason(fact):
        return Unreadable(**fact)
    return fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What could explain a difference between two hosts. No serial numbers, no addresses."""

    schema: Literal["pgladder/host/1"] = "pgladder/host/1"
    host: str
    run: Name
    taken: str
    facts: dict[str, dict[str, Annotated[Any, Meta(extra_json_schema=FACT_SCHEMA)]]]
    """Group (cpu, memory, disk, system, packages, postgresql, pgladder) to name to ``Fact``."""

    def __post_init__(self) -> None:
        """Make of what was decoded the ``Unreadable`` it was."""
        facts = {}
        for group, found in self.facts.items():
            facts[group] = {name: _fact(fact) for name, fact in found.items()}
        object.__setattr__(self, "facts", facts)


OURS, SERVERS = "", "server_"
"""Whose a fact of group ``cpu`` is, as its name begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Processors:
    """The processors of a box."""

    there: int
    """As many as the machine has: what it is busy is a part of these."""
    usable: float
    """As many as a quota, a set of processors or a container leaves to what was measured; a quota may leave 1.5. Where
    clients and server may not use the same, as many as who may use more."""


def processors_there(host: Fingerprint | None) -> int | None:
    """Return how many processors the machine has, of which its busy share is a part; None: that is not known."""
    found = _cpu_facts(host).get("logical_cpus")
    return found if isinstance(found, int) else None


def processors(host: Fingerprint | None) -> Processors | None:
    """Return the processors of a box; None: they are not known."""
    there = processors_there(host)
    if there is None:
        return None
    own, server = (_left(host, of) for of in (OURS, SERVERS))
    if own is None:
        return Processors(there=there, usable=there)
    return Processors(there=there, usable=min(there, max(own, server or own)))


def quota_cores(host: Fingerprint | None, of: str) -> float | None:
    """Return the cores that a quota leaves to clients (``OURS``) or server (``SERVERS``).

    None: no quota takes something away, or it is not known.
    """
    found, there = _cpu_facts(host).get(f"{of}quota_cores"), processors_there(host)
    if not isinstance(found, int | float) or (there is not None and found >= there):
        return None
    return found


def _left(host: Fingerprint | None, of: str) -> float | None:
    """Return how many processors are left to clients or server; None: that is not known."""
    # Older records lack these, some kernels don't say, and a quota may be none.
    left = [_cpu_facts(host).get(f"{of}{name}") for name in ("usable_cpus", "quota_cores")]
    return min((each for each in left if isinstance(each, int | float)), default=None)


def _cpu_facts(host: Fingerprint | None) -> Mapping[str, Any]:
    return host.facts.get("cpu", {}) if host else {}
