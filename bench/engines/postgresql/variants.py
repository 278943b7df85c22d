"""Variants on a box: what this machine is to a formula, what a variant sets there, in what two of them differ.

Joins ``probes`` (facts) and ``tuning`` (formulas, templates) for ``pgladder variants`` and ``pgladder run``.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from bench.engines.postgresql import parameters
from bench.engines.postgresql.parameters import Difference, NotInMajorError, Value, differences
from bench.engines.postgresql.render import (
    Box,
    as_variant,
    effect_of,
    name_of,
    pick_variants,
    render,
    render_variant,
    settings,
    texts,
    variant_names,
)
from bench.model.errors import DataError, HostError, NothingDoneError, UsageError
from bench.model.fingerprint import Fact, Unreadable
from bench.model.fingerprint_diff import huge_page_bytes
from bench.model.language import tr
from bench.model.plan import Plan, Variant
from bench.probes.control_group import SELF
from bench.probes.cpu import cpu_facts
from bench.probes.disk import disk_facts
from bench.probes.memory import memory_facts
from bench.tuning.hardware import Disk, Hardware

ALL = "all"
"""Asked for instead of names: every variant there is."""
DISKS: dict[object, Disk] = {"nvme": "nvme", "hdd": "hdd"}
"""What a formula calls the kinds our probe tells; all others (mmc, virtual, memory, unreadable) count as ``ssd``."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What ``pgladder variants show`` tells, in its JSON form."""

    settings: dict[str, str]
    derivations: dict[str, str]


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine as variants see it."""

    hardware: Hardware
    huge_page_bytes: int | None = None
    """What is set aside of huge pages; None: not known."""


def this_machine(data_directory: Path) -> Machine:
    """Read what this machine is; of a directory that is not there yet, the one it will be made in.

    Raises:
        HostError: a figure can't be read; the message gives the reason.

    """
    while not data_directory.exists():
        data_directory = data_directory.parent
    root, server = Path("/"), postmaster_of(data_directory)
    memory = memory_facts(root, server)
    hardware = hardware_of(memory, cpu_facts(root, server), disk_facts(data_directory, root))
    return Machine(hardware, huge_page_bytes=huge_page_bytes(memory))


def postmaster_of(data_directory: Path) -> int | str:
    """Return the process of the server that runs there, otherwise ourselves, whose child it will be."""
    try:
        number = int((data_directory / "postmaster.pid").read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return SELF
    if Path(f"/proc/{number}").exists():
        return number
    return SELF


def hardware_of(memory: dict[str, Fact], cpu: dict[str, Fact], disk: dict[str, Fact]) -> Hardware:
    """Make of the probes' facts what formulas know; sizes rounded up, as Pigsty reads them.

    Memory is what control groups leave of it, cores those that they and the scheduler leave.

    Raises:
        HostError: a figure was not readable.

    """
    ram, limit = _number(memory, "ram_bytes"), memory.get("control_group_limit_bytes")
    if isinstance(limit, int):
        ram = min(ram, limit)
    usable = cpu.get("usable_cpus")
    return Hardware(
        ram_mb=-(-ram >> 20),
        cores=usable if isinstance(usable, int) else _number(cpu, "logical_cpus"),
        disk=DISKS.get(disk["kind"] if isinstance(disk["kind"], str) else None, "ssd"),
        disk_gb=-(-_number(disk, "file_system_bytes") >> 30),
    )


def _number(facts: dict[str, Fact], name: str) -> int:
    fact = facts[name]
    if isinstance(fact, Unreadable):
        raise HostError(
            tr(
                "This machine's {name} can't be read: {why}; name the figures with --hardware.",
                name=name,
                why=fact.unreadable,
            )
        )
    assert isinstance(fact, int)
    return fact


def explain(name: str, box: Box) -> Explanation:
    """Return what a variant sets on a box, and why.

    Raises:
        NothingDoneError: an unknown name (says the nearest), or a template with an error or what a run refuses.

    """
    variant_named(name, _as_in_a_run(box))
    given = settings(variant_named(name, box))
    return Explanation({n: each.text for n, each in given.items()}, {n: each.words for n, each in given.items()})


def conf_text(name: str, box: Box) -> str:
    """Return the text that a plan which needs so many connections would have; raises as ``explain``."""
    return variant_named(name, _as_in_a_run(replace(box, connections=None, need=box.connections))).text


def compare(a: str, b: str, box: Box, *, huge_page_bytes: int | None) -> list[Difference]:
    """Tell in what two variants differ in effect on a box, under one harness; raises as ``explain``."""
    box = _as_in_a_run(box)
    one = effect_of(variant_named(a, box), huge_page_bytes=huge_page_bytes)
    other = effect_of(variant_named(b, box), huge_page_bytes=huge_page_bytes)
    return differences(one, other)


def _as_in_a_run(box: Box) -> Box:
    """Return the box with what a run's harness owns."""
    return replace(box, owned=settings(harness_for(0, tls=False)))


def variant_named(name: str, box: Box) -> Variant:
    """Render a variant for a box; raises as ``explain``."""
    [known] = pick_variants([name])
    return render_variant(known, box)


def harness_for(need: int, *, tls: bool) -> Variant:
    """Render what the instrument needs of a private server, the same under every variant."""
    connections = max(need, 100)
    return render(
        "harness", {"listen_addresses": "127.0.0.1", "port": None, "max_connections": connections, "tls": tls}
    )


def variants_for(
    names: Sequence[str], machine: Machine, need: int, harness: Variant, version: str | None = None
) -> dict[str, Variant]:
    """Render the variants of a plan that needs so many connections, for a major of PostgreSQL.

    Raises:
        NothingDoneError: as ``explain``.
        UsageError: two of them are the same on this machine.
        HostError: no formula has anything for it.

    """
    variants = rendered(pick_variants(names), machine, need, harness, version)
    effects = effects_of_all(variants, machine)
    for one, other in combinations((each.name for each in variants.values() if not each.refused), 2):
        if effects[one] == effects[other]:
            raise UsageError(
                tr(
                    "The variants {one} and {other} are the same in effect on this box: ask for one of them.",
                    one=one,
                    other=other,
                )
            )
    return variants


def of_major(machine: Machine, need: int, harness: Variant, version: str | None) -> list[str]:
    """Return the names of our variants but of those that set what only other majors of PostgreSQL have."""
    box = Box(hardware=machine.hardware, need=need, owned=settings(harness), version=version)
    found = []
    for name in variant_names():
        with suppress(NothingDoneError):  # said by ``rendered``
            try:
                variant_named(name, box)
            except NotInMajorError:
                continue
        found.append(name)
    return found


def rendered(
    names: Sequence[str], machine: Machine, need: int, harness: Variant, version: str | None = None
) -> dict[str, Variant]:
    """Render variants; raises as ``variants_for``, but two may be the same."""
    box = Box(hardware=machine.hardware, need=need, owned=settings(harness), version=version)
    found: dict[str, Variant] = {}
    for each in names:
        name = name_of(each)
        try:
            found[name] = render_variant(each, box)
        except HostError as error:  # its formula has nothing for the box: it is compared, as one that was refused
            found[name] = as_variant(name, "", str(error), version)
    if len(found) < len(names):
        raise UsageError(
            tr(
                "Two of the variants {names} have one name: give their files names of their own.",
                names=", ".join(names),
            )
        )
    if all(each.refused for each in found.values()):
        refused = "; ".join(f"{each.name}: {each.refused}" for each in found.values())
        raise HostError(tr("No candidate is left: {refused}", refused=refused))
    return found


def effects_of_all(variants: Mapping[str, Variant], machine: Machine) -> dict[str, dict[str, Value]]:
    """Return what each variant sets in effect on a machine."""
    return {name: effect_of(variant, huge_page_bytes=machine.huge_page_bytes) for name, variant in variants.items()}


def check_harness(plan: Plan) -> None:
    """Refuse a plan whose harness sets anything else than ours for a private server, but for its max_connections.

    Raises:
        DataError: says what differs.

    """
    given = texts(plan.harness)
    parameters.values(given, f"Plan {plan.run}: the harness")
    tls = any(trial.transport == "tls" for trial in plan.trials)
    most = given.get("max_connections", "")
    ours = texts(harness_for(int(most) if most.isdecimal() else 0, tls=tls))
    differ, lacking = [], tr("not set")
    for name in sorted(given.keys() | ours.keys()):
        if given.get(name) != ours.get(name):
            there, here = given.get(name, lacking), ours.get(name, lacking)
            differ.append(tr("{name} is {there} there, {here} here", name=name, there=there, here=here))
    if differ:
        raise DataError(
            tr(
                "Plan {run}: its harness is not that of this pgladder: {differ}. Make a new plan here.",
                run=plan.run,
                differ="; ".join(differ),
            )
        )
