"""From a request to a plan: which trials in which order. Pure: nothing is run or read here."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, product
from typing import get_args

from bench.engines.engine import engines
from bench.engines.postgresql.layout import layout_files, table_layout
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.names import pick
from bench.model.plan import (
    MAX_TRIALS,
    POSTGRESQL,
    Parameters,
    Plan,
    Promise,
    Refining,
    Repeating,
    Trial,
    UntilDecided,
    Variant,
)
from bench.model.values import Transport
from bench.plan.adjustment import COVARIATES
from bench.plan.candidates import Arriving, at_rates, closed_loops, with_candidates
from bench.plan.ceiling import ceilings, twin, with_twins_named
from bench.plan.check import AGAIN, check, check_rule, effective
from bench.plan.client_boxes import check_client_boxes
from bench.plan.contrast import OF_DRIVER, VARIANT, check_comparable, tried_factors, value_of, varying
from bench.plan.engines import (
    alterable,
    check_layouts_taken,
    check_own,
    engine_of,
    layouts_of,
    own_variants,
    variants_on,
)
from bench.plan.generator import capacities
from bench.plan.mixed import check_mixed
from bench.plan.partitions import check_partitions
from bench.plan.pieces import pieces_of
from bench.plan.promise import way_of
from bench.plan.repeat import USUAL
from bench.plan.replicas import check_replicas
from bench.plan.sweep import RATE
from bench.stats.blocks import block_orders
from bench.workload.driver import as_driven, check_driven, drivers
from bench.workload.phase import Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How long and how often to measure, in seconds and blocks."""

    warm_up_s: float
    window_s: float
    blocks: int


Way = tuple[str, str, Parameters]
"""A phase, its driver and its parameters."""
Place = tuple[str | None, str, str]
"""Engine, variant and layout."""

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
    overrides: Mapping[str, int | float | str | None]
    points: Sequence[Mapping[str, int | float | str | None]] = ({},)
    """Further changes of parameters, of which each is tried (``bench.plan.sweep``)."""
    finer: Sequence[Mapping[str, int | float | str | None]] = ()
    """Those of the points between, of which some are tried in blocks that follow (``bench.plan.refine``)."""
    refines: Refining | None = None
    """How these are chosen; None: there are none."""
    until_decided: UntilDecided | None = None
    """End before the last block once every comparison is decided."""
    against_itself: bool = False
    """Set the one variant against itself (A/A)."""
    explains: bool = False
    """Carry each trial out without each constraint, too."""
    constraints: Sequence[str] = ()
    """Of those; none: without each that can be taken away."""
    ceiling: bool = False
    """Measure beside each trial whether it is its server or its clients that bind it (``bench.plan.ceiling``)."""
    force: bool = False
    """Offer a rate near what the clients can send, too."""
    repeat_suspect: str | None = None
    """Measure suspect trials again (``bench.plan.repeat``): ``yes``, ``no``; None: where something is compared."""
    promise: Promise | None = None
    """Search the highest rate that keeps it (``bench.plan.promise``)."""
    arriving: Arriving = field(default_factory=dict)
    """How rows come in such a search."""


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
    driven = _written(design, phases, design.points)
    finer = _written(design, phases, design.finer)
    if len(design.points) > 1:
        _check_points([*driven, *finer])
    named = pick("variant", design.variants, variants)
    if design.against_itself:
        if len(design.versions) > 1:
            raise UsageError(tr("Noise is measured with one version, not with {count}.", count=len(design.versions)))
        variants = _with_copy(named, variants)
        named = list(variants)
    pick("engine", [design.engine], engines())
    check_own(design.engine)
    pick("layout", design.layouts, layout_files())
    transports: list[Transport] = pick("transport", design.transports, get_args(Transport))  # type: ignore[assignment]
    several = design.versions if len(design.versions) > 1 else [None]
    places = _places(design, phases, named)
    asked = _trials(driven, product(several, transports), phases, places)
    between = _trials(finer, product(several, transports), phases, places)
    check_partitions([*asked, *between])
    measures_alone = "--ceiling" if design.ceiling else "explain" if design.explains else None
    preload_rows = check_mixed(asked, design.preload_rows, [design.overrides, *design.points], measures_alone)
    check_replicas([*asked, *between], variants, measures_alone)
    check_client_boxes([*asked, *between], "--ceiling" if design.ceiling else None)
    later = [*asked, *between] if between else []
    if _chooses_rates(design):
        asked = later = at_rates(asked)
    if design.promise:
        trials = _searched(asked, design, phases, variants)
    else:
        trials = _in_blocks(asked, later, design, variants, seed)
    plan = Plan(
        run=run,
        created=created,
        seed=seed,
        profile=design.profile_name,
        engine=design.engine,
        warm_up_s=design.profile.warm_up_s,
        window_s=design.profile.window_s,
        preload_rows=preload_rows,
        harness=harness,
        variants=(*(variants[name] for name in named), *own_variants(trials)),
        trials=tuple(trials),
        until_decided=design.until_decided,
        pieces=pieces_of(trials, design.engine),
        baselines=_baselines(dict.fromkeys(trial.layout for trial in asked)),
        adjusted_for=COVARIATES,
        force=design.force,
        refines=design.refines if later else None,
        promise=design.promise,
    )
    plan = replace(plan, repeat_suspect=_repeating(plan.as_asked(), design))
    if design.until_decided:
        return _until_decided(plan, design.until_decided)
    return plan


def _trials(
    ways: Iterable[Way],
    over: Iterable[tuple[str | None, Transport]],
    phases: Mapping[str, Phase],
    places: Mapping[str, Sequence[Place]],
) -> list[Trial]:
    """Return a trial of each way of writing, version and transport (``over``), in each place of its phase."""
    trials = []
    for (phase, driver, parameters), (version, transport) in product(ways, over):
        for engine, variant, layout in places[phase]:
            trial = Trial(
                number=1,
                block=1,
                phase=phase,
                method=phases[phase].method,
                driver=driver,
                variant=variant,
                layout=layout,
                transport=transport,
                parameters=parameters,
                version=version,
                engine=engine,
            )
            trials.append(trial)
    return trials


def _places(design: Design, phases: Mapping[str, Phase], variants: Sequence[str]) -> dict[str, list[Place]]:
    """Return, by phase, where it is measured: on which engine, under which variant, in which layout."""
    check_layouts_taken([phases[name] for name in design.phases], design.layouts)
    found = {}
    for name in design.phases:
        places: list[Place] = []
        for layout in layouts_of(phases[name], design.layouts):
            engine = engine_of(name, phases[name], layout, design.engine)
            places += [(engine, variant, layout) for variant in variants_on(engine, variants)]
        found[name] = places
    return found


def _written(
    design: Design, phases: Mapping[str, Phase], points: Sequence[Mapping[str, int | float | str | None]]
) -> list[Way]:
    """Return of each of these points each phase, each driver, and the parameters that it then has."""
    named = {name: phases[name].parameters for name in pick("phase", design.phases, phases)}
    driven: list[Way] = []
    for changes in points:
        chosen = effective(named, {**design.overrides, **changes})
        for name, parameters in chosen.items():
            check(name, parameters, bound_values=phases[name].bound_values)
        driven += _driven(design, phases, chosen)
    return driven


def _searched(
    asked: Sequence[Trial], design: Design, phases: Mapping[str, Phase], variants: Mapping[str, Variant]
) -> list[Trial]:
    """Return what the search of a promise may come to want; what the clients can send is known before that."""
    assert design.promise
    trials = with_candidates(asked, design.promise, design.arriving, design.profile.window_s)
    ways = {way_of(trial): trial for trial in trials}.values()
    for trial in ways:
        check_driven(trial.phase, phases[trial.phase], trial.driver, trial.parameters)
    together = [*capacities(alterable(ways), variants), *trials]
    return [replace(trial, number=number) for number, trial in enumerate(together, 1)]


def _in_blocks(
    asked: Sequence[Trial], later: Sequence[Trial], design: Design, variants: Mapping[str, Variant], seed: int
) -> list[Trial]:
    """Return what was asked for, and what explains it beside it, in each block in random order.

    ``later`` is what as many further blocks have, with the finer points of a sweep; empty: there are none.
    """
    alone = capacities(alterable(asked), variants)
    if alone:
        _check_at_rate(design)
    if _chooses_rates(design):
        alone += closed_loops(asked)
    beside = ceilings(alterable(asked), variants) if design.ceiling else []
    twins = list(map(twin, asked)) if design.ceiling else []
    of_blocks = [[*each, *beside, *twins] for each in (asked, later) if each]
    if (count := design.profile.blocks * sum(map(len, of_blocks))) > MAX_TRIALS:
        raise UsageError(
            tr(
                "The plan would have {count:,} trials, and one may have {most:,}; ask for fewer --blocks.",
                count=count,
                most=MAX_TRIALS,
            )
        )
    trials: list[Trial] = []
    chance = random.Random(seed)
    orders = chain.from_iterable(block_orders(each, design.profile.blocks, chance) for each in of_blocks)
    for block, ordered in enumerate(orders, 1):
        # What the clients can send, and how much there can be, is known before a rate is offered.
        of_block = [*alone, *ordered] if block == 1 else ordered
        trials += [replace(trial, number=number, block=block) for number, trial in enumerate(of_block, len(trials) + 1)]
    return with_twins_named(trials)


def _chooses_rates(design: Design) -> bool:
    """Return whether a sweep chooses its rates: there are none before how much there can be is known."""
    return design.refines is not None and design.refines.of == RATE


def _check_at_rate(design: Design) -> None:
    """Refuse to ask how many rows there can be where so many come."""
    if design.ceiling or design.until_decided:
        asked_too = "--ceiling" if design.ceiling else "--until-decided"
        raise UsageError(
            tr(
                "{option} asks how many rows there can be, and --rate says how many come: leave out one.",
                option=asked_too,
            )
        )


def _repeating(plan: Plan, design: Design) -> Repeating | None:
    """Return how suspect trials are measured again: in a comparison, unless it is not wanted."""
    if design.repeat_suspect == "yes" and not varying(plan):
        raise UsageError(tr("--repeat-suspect is for comparisons, and here nothing is compared: leave it out."))
    if design.repeat_suspect == "yes" or (design.repeat_suspect is None and tried_factors(plan)):
        return None if design.explains else USUAL
    return None


def _baselines(layouts: Iterable[str]) -> dict[str, str]:
    """Return, by layout, the one that its header names as its baseline; of those that name one."""
    found = {}
    for name in layouts:
        if baseline := table_layout(name).baseline:
            found[name] = baseline
    return found


def _driven(design: Design, phases: Mapping[str, Phase], chosen: Mapping[str, Parameters]) -> list[Way]:
    """Return each phase, each driver that is to carry it out, and the parameters it then has."""
    asked = pick("driver", design.drivers, drivers()) if design.drivers else []
    driven = []
    for phase in design.phases:
        for driver in asked or [phases[phase].driver]:
            check_driven(phase, phases[phase], driver, chosen[phase])
            driven.append((phase, driver, as_driven(driver, chosen[phase])))
    names = tr(" and ").join(dict.fromkeys(driver for _, driver, _ in driven))
    for name in OF_DRIVER:
        if design.overrides.get(name) and all(getattr(each, name) is None for _, _, each in driven):
            raise UsageError(
                tr(
                    "--{name} means nothing to {names}, which has no such thing.",
                    name=name.replace("_", "-"),
                    names=names,
                )
            )
    return driven


def _check_points(driven: Sequence[Way]) -> None:
    """Refuse a sweep that tries one thing twice: its parameter means nothing to a phase, or to a driver."""
    for (phase, driver, _), times in Counter(driven).items():
        if times > 1:
            raise UsageError(
                tr(
                    "Phase {phase} by {driver} has nothing of what is swept: leave it out of --phases.",
                    phase=phase,
                    driver=driver,
                )
            )


def _until_decided(plan: Plan, rule: UntilDecided) -> Plan:
    """Return the plan with the factor across which its run is decided: its variants, or the only one that varies."""
    tried = tried_factors(plan)
    if len(tried) > 1:
        raise UsageError(
            tr(
                "A run until decided compares across one factor, and this one varies {tried}.",
                tried=tr(" and ").join(tried),
            )
        )
    across = tried[0] if tried else VARIANT
    check_rule(len({value_of(trial, across) for trial in plan.trials}), len(plan.blocks))
    check_comparable(plan, across)
    return replace(plan, until_decided=replace(rule, across=across))


def _with_copy(named: Sequence[str], variants: Mapping[str, Variant]) -> dict[str, Variant]:
    """Return the one variant asked for, and the same under another name: the only arms that may be alike."""
    if len(named) > 1:
        raise UsageError(
            tr(
                "Noise is measured with one variant, not with {count}: {named}.",
                count=len(named),
                named=", ".join(named),
            )
        )
    one = variants[named[0]]
    return {one.name: one, f"{one.name}{AGAIN}": replace(one, name=f"{one.name}{AGAIN}")}
