"""Variants on a box: what this machine is to a formula, what a variant sets there, in what two of them differ.

Joins ``probes`` (facts) and ``tuning`` (formulas, templates) for ``pgladder variants`` and ``pgladder run``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

from bench.control_group import SELF
from bench.facts import huge_page_bytes
from bench.model import Fact, Plan, Unreadable, Variant, WrongUseError
from bench.plan import AGAIN, RESERVED_CONNECTIONS, Wish, connections_needed, make_plan, pick
from bench.probes.cpu import cpu_facts
from bench.probes.disk import disk_facts
from bench.probes.memory import memory_facts
from bench.tuning import parameters
from bench.tuning.foreign import reaching, refuse_reaching
from bench.tuning.hardware import Disk, Hardware, UnfitError
from bench.tuning.parameters import Difference, Value, differences
from bench.tuning.render import Box, as_variant, effect_of, render, render_variant, settings, texts, variant_names
from bench.workload.phase import ladder

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
        WrongUseError: a figure can't be read; says why.

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
    return number if Path(f"/proc/{number}").exists() else SELF


def hardware_of(memory: dict[str, Fact], cpu: dict[str, Fact], disk: dict[str, Fact]) -> Hardware:
    """Make of the probes' facts what formulas know; sizes rounded up, as Pigsty reads them.

    Memory is what control groups leave of it, cores those that they and the scheduler leave.

    Raises:
        WrongUseError: a figure was not readable.

    """
    ram, limit = _number(memory, "ram_bytes"), memory.get("control_group_limit_bytes")
    ram = min(ram, limit) if isinstance(limit, int) else ram
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
        raise WrongUseError(
            f"This machine's {name} can't be read: {fact.unreadable}; name the figures with --hardware."
        )
    assert isinstance(fact, int)
    return fact


def explain(name: str, box: Box) -> Explanation:
    """Tell what a variant sets on a box, and why.

    Raises:
        WrongUseError: an unknown name (says the nearest), or a template with an error or what a run refuses.

    """
    _rendered(name, _as_in_a_run(box))
    given = settings(_rendered(name, box))
    return Explanation({n: each.text for n, each in given.items()}, {n: each.words for n, each in given.items()})


def conf_text(name: str, hardware: Hardware, connections: int | None) -> str:
    """Return the text a plan that needs so many connections would have; raises as ``explain``."""
    return _rendered(name, _as_in_a_run(Box(hardware=hardware, need=connections))).text


def compare(a: str, b: str, box: Box, *, huge_page_bytes: int | None) -> list[Difference]:
    """Tell in what two variants differ in effect on a box, under one harness; raises as ``explain``."""
    box = _as_in_a_run(box)
    one, other = (effect_of(_rendered(name, box), huge_page_bytes=huge_page_bytes) for name in (a, b))
    return differences(one, other)


def _as_in_a_run(box: Box) -> Box:
    """Return the box with what a run's harness owns."""
    return replace(box, owned=settings(harness_for(0, tls=False)))


def _rendered(name: str, box: Box) -> Variant:
    [known] = pick("variant", [name], variant_names())
    return render_variant(known, box)


def harness_for(need: int, *, tls: bool) -> Variant:
    """Render what the instrument needs of a private server, the same under every variant."""
    connections = max(need, 100)
    return render(
        "harness", {"listen_addresses": "127.0.0.1", "port": None, "max_connections": connections, "tls": tls}
    )


def variants_for(names: Sequence[str], machine: Machine, need: int, harness: Variant) -> dict[str, Variant]:
    """Render the variants of a plan that needs so many connections.

    Raises:
        WrongUseError: as ``explain``, or two of them are the same on this machine, or no formula has anything for it.

    """
    variants = _variants(pick("variant", names, variant_names()), machine, need, harness)
    effects = _effects(variants, machine)
    for one, other in combinations((each.name for each in variants.values() if not each.refused), 2):
        if effects[one] == effects[other]:
            raise WrongUseError(
                f"The variants {one} and {other} are the same in effect on this box: ask for one of them."
            )
    return variants


def _variants(names: Sequence[str], machine: Machine, need: int, harness: Variant) -> dict[str, Variant]:
    box = Box(hardware=machine.hardware, need=need, owned=settings(harness))
    found = {name: _rendered_or_refused(name, box) for name in names}
    if all(each.refused for each in found.values()):
        raise WrongUseError(f"No arm is left: {'; '.join(f'{each.name}: {each.refused}' for each in found.values())}")
    return found


def _rendered_or_refused(name: str, box: Box) -> Variant:
    """Render a variant; one whose formula has nothing for the box is an arm that is refused."""
    try:
        return render_variant(name, box)
    except UnfitError as error:
        return as_variant(name, "", str(error))


def plan_with(wish: Wish, machine: Machine, need: int, harness: Variant, *, run: str, created: str, seed: int) -> Plan:
    """Render the variants of a wish for a machine, and lay out the plan.

    Where all are asked for, the plan has them all, but of those that are the same there only the first has trials.

    Raises:
        WrongUseError: as ``variants_for`` and ``make_plan``.

    """
    every = list(wish.variants) == [ALL]
    choose = _variants if every else variants_for
    variants = choose(variant_names() if every else wish.variants, machine, need, harness)
    if every:
        wish = replace(wish, variants=_different(variants, machine))
    plan = make_plan(wish, ladder(), harness, variants, run=run, created=created, seed=seed)
    return replace(plan, variants=tuple(variants.values())) if every else plan


def _different(variants: Mapping[str, Variant], machine: Machine) -> list[str]:
    """Return the names of those that are not the same in effect as one before them; each that is refused is."""
    effects, names = _effects(variants, machine), list(variants)
    before = {name: [effects[other] for other in names[:at]] for at, name in enumerate(names)}
    return [name for name in names if variants[name].refused or effects[name] not in before[name]]


def _effects(variants: Mapping[str, Variant], machine: Machine) -> dict[str, dict[str, Value]]:
    return {name: effect_of(variant, huge_page_bytes=machine.huge_page_bytes) for name, variant in variants.items()}


# --- plans that somebody gives ---------------------------------------------------------------------------------------


def check_foreign(plan: Plan, machine: Callable[[], Machine]) -> None:
    """Refuse the variants of a plan that name a program, a library, a place or an address, unless they are made here.

    Made here is a variant whose template, rendered for this machine and plan, comes to the same text. ``machine`` is
    asked only where one of them needs to be rendered.

    Raises:
        WrongUseError: names the first such variant and what it sets.

    """
    for variant in plan.variants:
        given = texts(variant)
        if any(reaching(given)) and variant.text != _made_here(variant.name, plan, machine()):
            refuse_reaching(given, f"Plan {plan.run}: its variant {variant.name}")


def _made_here(name: str, plan: Plan, machine: Machine) -> str | None:
    """Return the text that our own template of this name comes to; None where there is none."""
    need = connections_needed(trial.parameters for trial in plan.trials) + RESERVED_CONNECTIONS
    box = Box(hardware=machine.hardware, need=need, owned=settings(plan.harness))
    try:
        return _rendered(name.removesuffix(AGAIN), box).text
    except WrongUseError:
        return None


def check_harness(plan: Plan) -> None:
    """Refuse a plan whose harness sets anything else than ours for a private server, but for its max_connections.

    Raises:
        WrongUseError: says what differs.

    """
    given = texts(plan.harness)
    parameters.values(given, f"Plan {plan.run}: the harness")
    tls = any(trial.transport == "tls" for trial in plan.trials)
    most = given.get("max_connections", "")
    ours = texts(harness_for(int(most) if most.isdecimal() else 0, tls=tls))
    differ = [
        f"{name} is {given.get(name, 'not set')} there, {ours.get(name, 'not set')} here"
        for name in sorted(given.keys() | ours.keys())
        if given.get(name) != ours.get(name)
    ]
    if differ:
        raise WrongUseError(
            f"Plan {plan.run}: its harness is not that of this pgladder: {'; '.join(differ)}. Make a new plan here."
        )
