"""From a request to a plan: which trials in which order. Pure: nothing is run or read here."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import get_args

from bench.engines.engine import engines
from bench.engines.postgresql.layout import layout_files, table_layout
from bench.model.errors import UsageError
from bench.model.names import pick
from bench.model.plan import POSTGRESQL, Plan, Trial, UntilDecided, Variant
from bench.model.values import Transport
from bench.plan.check import AGAIN, MAX_TRIALS, check, check_rule, effective
from bench.plan.contrast import VARIANT, check_comparable, tried_factors, value_of
from bench.plan.pieces import pieces_of
from bench.stats.blocks import block_orders
from bench.workload.driver import check_driven, drivers
from bench.workload.phase import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How long and how often to measure, in seconds and blocks."""

    warm_up_s: float
    window_s: float
    blocks: int


PROFILES = {
    "quick": Profile(warm_up_s=1, window_s=2, blocks=3),
    "standard": Profile(warm_up_s=5, window_s=20, blocks=6),
    "thorough": Profile(warm_up_s=10, window_s=120, blocks=10),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What a user asks for; None means a phase's own default."""

    phases: Sequence[str]
    variants: Sequence[str]
    layouts: Sequence[str]
    transports: Sequence[str]
    drivers: Sequence[str] = ()
    """None: each phase's own."""
    engine: str = POSTGRESQL
    versions: Sequence[str] = ()
    """Of the database; of several each is a factor's value, of one the plan's variants are rendered for it."""
    profile: Profile
    profile_name: str
    preload_rows: int = 0
    overrides: Mapping[str, int | str | None]
    until_decided: UntilDecided | None = None
    """End before the last block once every comparison is decided."""
    against_itself: bool = False
    """Set the one variant against itself (A/A)."""


def make_plan(
    design: Design,
    phases: Mapping[str, Phase],
    harness: Variant,
    variants: Mapping[str, Variant],
    *,
    run: str,
    created: str,
    seed: int,
) -> Plan:
    """Lay out the trials; ``phases`` are those this pgladder knows.

    Raises:
        UsageError: something asked for is unknown or can't work.

    """
    chosen = effective(
        {name: phases[name].parameters for name in pick("phase", design.phases, phases)}, design.overrides
    )
    for name, parameters in chosen.items():
        check(name, parameters, bound_values=phases[name].bound_values)
    named = pick("variant", design.variants, variants)
    if design.against_itself:
        if len(design.versions) > 1:
            raise UsageError(f"Noise is measured with one version, not with {len(design.versions)}.")
        variants = _with_copy(named, variants)
        named = list(variants)
    pick("engine", [design.engine], engines())
    layouts = pick("layout", design.layouts, layout_files())
    transports: list[Transport] = pick("transport", design.transports, get_args(Transport))  # type: ignore[assignment]
    several = design.versions if len(design.versions) > 1 else [None]
    combinations = list(product(_driven(design, phases), several, named, layouts, transports))
    if (count := design.profile.blocks * len(combinations)) > MAX_TRIALS:
        raise UsageError(
            f"The plan would have {count:,} trials, and one may have {MAX_TRIALS:,}; ask for fewer --blocks."
        )
    trials: list[Trial] = []
    for block, ordered in enumerate(block_orders(combinations, design.profile.blocks, random.Random(seed)), 1):
        for (phase, driver), version, variant, layout, transport in ordered:
            trials.append(
                Trial(
                    number=len(trials) + 1,
                    block=block,
                    phase=phase,
                    method=phases[phase].method,
                    driver=driver,
                    variant=variant,
                    layout=layout,
                    transport=transport,
                    parameters=chosen[phase],
                    version=version,
                )
            )
    plan = Plan(
        run=run,
        created=created,
        seed=seed,
        profile=design.profile_name,
        engine=design.engine,
        warm_up_s=design.profile.warm_up_s,
        window_s=design.profile.window_s,
        preload_rows=design.preload_rows,
        harness=harness,
        variants=tuple(variants[name] for name in named),
        trials=tuple(trials),
        until_decided=design.until_decided,
        pieces=pieces_of(trials, design.engine),
        baselines=_baselines(layouts),
    )
    if design.until_decided:
        return _until_decided(plan, design.until_decided)
    return plan


def _baselines(layouts: Sequence[str]) -> dict[str, str]:
    """Return, by layout, the one that its header names as its baseline; of those that name one."""
    found = {}
    for name in layouts:
        if baseline := table_layout(name).baseline:
            found[name] = baseline
    return found


def _driven(design: Design, phases: Mapping[str, Phase]) -> list[tuple[str, str]]:
    """Return each phase with each driver that is to carry it out."""
    asked = pick("driver", design.drivers, drivers()) if design.drivers else []
    driven = []
    for phase in design.phases:
        for driver in asked or [phases[phase].driver]:
            check_driven(phase, phases[phase], driver)
            driven.append((phase, driver))
    return driven


def _until_decided(plan: Plan, rule: UntilDecided) -> Plan:
    """Return the plan with the factor across which its run is decided: its variants, or the only one that varies."""
    tried = tried_factors(plan)
    if len(tried) > 1:
        raise UsageError(f"A run until decided compares across one factor, and this one varies {' and '.join(tried)}.")
    across = tried[0] if tried else VARIANT
    check_rule(len({value_of(trial, across) for trial in plan.trials}), len(plan.blocks))
    check_comparable(plan, across)
    return replace(plan, until_decided=replace(rule, across=across))


def _with_copy(named: Sequence[str], variants: Mapping[str, Variant]) -> dict[str, Variant]:
    """Return the one variant asked for, and the same under another name: the only arms that may be alike."""
    if len(named) > 1:
        raise UsageError(f"Noise is measured with one variant, not with {len(named)}: {', '.join(named)}.")
    one = variants[named[0]]
    return {one.name: one, f"{one.name}{AGAIN}": replace(one, name=f"{one.name}{AGAIN}")}
