"""A plan with its variants: rendered for the machine they are for, or held against those that are made here."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from bench.engines.postgresql.foreign import reaching, refuse_reaching
from bench.engines.postgresql.render import (
    Box,
    settings,
    texts,
    variant_names,
)
from bench.engines.postgresql.variants import (
    ALL,
    Machine,
    effects_of_all,
    of_major,
    rendered,
    variant_named,
    variants_for,
)
from bench.model.errors import NothingDoneError
from bench.model.language import tr
from bench.model.plan import Plan, Variant
from bench.plan.check import AGAIN
from bench.plan.design import Design, make_plan
from bench.plan.estimate import RESERVED_CONNECTIONS, connections_needed
from bench.workload.phase import ladder


def plan_with(
    design: Design, machine: Machine, need: int, harness: Variant, *, run: str, created: str, seed: int
) -> Plan:
    """Render the variants of a wish for a machine, and lay out the plan.

    Where all are asked for, the plan has them all, but of those that are the same there only the first has trials.

    Raises:
        NothingDoneError: as ``variants_for`` and ``make_plan``.

    """
    by_version: dict[str | None, dict[str, Variant]] = {}
    tried: dict[str, None] = {}
    for version in design.versions or (None,):
        if list(design.variants) == [ALL]:
            # Of one major those are left out that are for others: nobody asked for them by name.
            names = of_major(machine, need, harness, version) if len(design.versions) < 2 else variant_names()
            by_version[version] = rendered(names, machine, need, harness, version)
            tried |= dict.fromkeys(_different(by_version[version], machine))
        else:
            by_version[version] = variants_for(design.variants, machine, need, harness, version)
            tried |= dict.fromkeys(by_version[version])
    variants = next(iter(by_version.values()))
    plan = make_plan(
        replace(design, variants=list(tried)), ladder(), harness, variants, run=run, created=created, seed=seed
    )
    if len(tried) < len(variants) or len(by_version) > 1:
        every: list[Variant] = []
        for of_version in by_version.values():
            every += of_version.values()
        every += [variant for variant in plan.variants if variant.engine]
        return replace(plan, variants=tuple(every))
    return plan


def _different(variants: Mapping[str, Variant], machine: Machine) -> list[str]:
    """Return the names of those that are not the same in effect as one before them; each that is refused is."""
    found, before = [], []
    for name, effects in effects_of_all(variants, machine).items():
        if variants[name].refused or effects not in before:
            found.append(name)
        before.append(effects)
    return found


def check_foreign(plan: Plan, machine: Callable[[], Machine]) -> None:
    """Refuse the variants of a plan that name a program, a library, a place or an address, unless they are made here.

    Made here is a variant whose template, rendered for this machine and plan, comes to the same text. ``machine`` is
    asked only where one of them needs to be rendered.

    Raises:
        UsageError: names the first such variant and what it sets.

    """
    for variant in plan.variants:
        if variant.engine:  # is the one of pgladder's own (``bench.plan.check``)
            continue
        given = texts(variant)
        if any(reaching(given)) and variant.text != _made_here(variant, plan, machine()):
            refuse_reaching(given, tr("Plan {run}: its variant {name}", run=plan.run, name=variant.name))


def _made_here(variant: Variant, plan: Plan, machine: Machine) -> str | None:
    """Return the text that our own template of this name comes to; None where there is none."""
    need = connections_needed(trial.parameters for trial in plan.trials) + RESERVED_CONNECTIONS
    box = Box(hardware=machine.hardware, need=need, owned=settings(plan.harness), version=variant.version)
    own = variant.name.removesuffix(AGAIN)
    if own not in variant_names():  # never a path: a plan names no file of this machine
        return None
    try:
        return variant_named(own, box).text
    except NothingDoneError:
        return None
