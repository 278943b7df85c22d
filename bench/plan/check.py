"""Whether a plan can be carried out as it stands: in itself, and by the phases that are here."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import combinations
from typing import TYPE_CHECKING

from bench.engines.postgresql.layout import layout_files
from bench.engines.postgresql.render import as_variant
from bench.model.errors import DataError, UsageError
from bench.model.language import tr
from bench.model.names import pick
from bench.model.plan import (
    ACCUMULATE,
    KNOBS,
    MAX_STATEMENT_PARAMETERS,
    NULL,
    OPEN,
    POISSON,
    Parameters,
    Plan,
    Refining,
    Trial,
    Variant,
)
from bench.plan.ceiling import check_ceilings
from bench.plan.client_boxes import check_trial as check_client_boxes
from bench.plan.contrast import FACTORS, check_comparable, distinct, value_of
from bench.plan.mixed import check_trial
from bench.plan.partitions import check_partitions
from bench.plan.promise import check_promise
from bench.plan.rate_points import check_closed_loops
from bench.plan.repeat import DOUBTS
from bench.plan.replicas import check_trial as check_replica
from bench.plan.sweep import RATE, rung_of, swept, values_of
from bench.stats.sequential import FIRST_LOOK, LAST_LOOK

if TYPE_CHECKING:
    from bench.workload.phase import Phase

MAX_PAYLOAD_BYTES = 1_000_000_000
"""A value has less than 1 GiB, the statement around it included (src/include/utils/memutils.h)."""
OF_RATE = ("arrivals", "latency_limit", "collect_ms", "surge")
"""Parameters that are of an open loop alone."""
AGAIN = "-again"
"""Ends the name of a variant's copy where it is set against itself."""


def effective(
    phases: Mapping[str, Parameters], overrides: Mapping[str, int | float | str | None]
) -> dict[str, Parameters]:
    """Return each phase's parameters with the user's changes, where they mean something to that phase.

    A pool, an event loop or several in flight are no part of a psycopg2 phase; a batch no part of a single insert.

    Raises:
        UsageError: a change means something to none of them.

    """
    asked = {name: value for name, value in overrides.items() if value is not None}
    for name in asked:
        if not any(KNOBS[name].applies(parameters) for parameters in phases.values()):
            option = name.replace("_", "-")
            raise UsageError(
                tr(
                    "--{option} means nothing to the phases asked for: {phases}.",
                    option=option,
                    phases=", ".join(phases),
                )
            )
    changed = {}
    for phase, parameters in phases.items():
        meant = {name: value for name, value in asked.items() if KNOBS[name].applies(parameters)}
        with_changes = replace(parameters, **meant)  # type: ignore[arg-type]
        changed[phase] = with_changes if "load" in meant else at_its_rate(with_changes)
    return changed


def at_its_rate(parameters: Parameters) -> Parameters:
    """Return parameters with the load model that a rate asks for, and how what comes follows each other."""
    if parameters.rate is None:
        return parameters
    load = OPEN if parameters.collect_ms is None else ACCUMULATE
    return replace(parameters, load=load, arrivals=parameters.arrivals or POISSON)


def check(phase: str, parameters: Parameters, *, bound_values: bool) -> None:
    """Refuse parameters that can't work.

    Raises:
        UsageError: says which and what would.

    """
    from bench.workload.load import loads

    if bound_values:
        _check_bound_values(phase, parameters.batch)
    pick("load model", [parameters.load], loads())
    if parameters.rate is None:
        _check_no_rate(phase, parameters)
    else:
        _check_rate(phase, parameters)
    if parameters.payload_bytes > MAX_PAYLOAD_BYTES:
        raise UsageError(
            tr(
                "Phase {phase}: PostgreSQL takes no value of {payload_bytes:,} bytes; ask for --payload-bytes"
                " {limit} or less.",
                phase=phase,
                payload_bytes=parameters.payload_bytes,
                limit=MAX_PAYLOAD_BYTES,
            )
        )
    _check_pool(phase, parameters.pool_min, parameters.pool_max)


def _check_pool(phase: str, least: int | None, most: int | None) -> None:
    """Refuse a pool that opens more connections at the start than it may have."""
    if least and most and least > most:
        raise UsageError(
            tr(
                "Phase {phase}: a pool can't hold at least {pool_min} and at most {pool_max}.",
                phase=phase,
                pool_min=least,
                pool_max=most,
            )
        )


def _check_bound_values(phase: str, batch: int) -> None:
    """Refuse a batch of which one statement can't take each value as a parameter."""
    if 2 * batch <= MAX_STATEMENT_PARAMETERS:
        return
    raise UsageError(
        tr(
            "Phase {phase}: a batch of {batch} needs {needed} parameters, and one statement takes"
            " {limit}; ask for --batch {most} or less.",
            phase=phase,
            batch=batch,
            needed=2 * batch,
            limit=MAX_STATEMENT_PARAMETERS,
            most=MAX_STATEMENT_PARAMETERS // 2,
        )
    )


def _check_no_rate(phase: str, parameters: Parameters) -> None:
    """Refuse an open loop without a rate, and what means nothing without one."""
    for name in OF_RATE:
        if getattr(parameters, name) is not None:
            raise UsageError(tr("--{name} goes with --rate: give the rows/s that come.", name=name.replace("_", "-")))
    if parameters.load in (OPEN, ACCUMULATE):
        raise UsageError(
            tr(
                "Phase {phase}: the load model {load} takes a rate; give --rate as well.",
                phase=phase,
                load=parameters.load,
            )
        )


def _check_rate(phase: str, parameters: Parameters) -> None:
    """Refuse a surge that is none, and a load model that has no rate."""
    if parameters.surge is not None and parameters.surge <= 1:
        raise UsageError(
            tr("A surge of {surge:g} times the rate is none; ask for --surge 1.2 or more.", surge=parameters.surge)
        )
    if parameters != at_its_rate(parameters):
        raise UsageError(
            tr(
                "Phase {phase}: a rate takes the load model {open} or, with --collect-ms, {accumulate}, not"
                " {load}; leave out --load.",
                phase=phase,
                open=OPEN,
                accumulate=ACCUMULATE,
                load=parameters.load,
            )
        )


def check_rule(arms: int, blocks: int) -> None:
    """Refuse a run until decided that could never be decided.

    Raises:
        UsageError: one arm, or a number of blocks that the rule does not look at.

    """
    if arms < 2:
        raise UsageError(
            tr(
                "A run until decided takes two variants or more, or two of what it varies: one is compared with"
                " nothing."
            )
        )
    if not FIRST_LOOK <= blocks <= LAST_LOOK:
        raise UsageError(
            tr(
                "A run until decided takes {least} to {most} blocks at most, not {blocks}: give --max-blocks.",
                least=FIRST_LOOK,
                most=LAST_LOOK,
                blocks=blocks,
            )
        )


def check_plan(plan: Plan, phases: Mapping[str, "Phase"]) -> None:
    """Refuse a plan that this pgladder can't carry out.

    Raises:
        DataError: it contradicts itself, or has an unknown phase, a batch too large, or a parameter that its phase
            does not have.

    """
    # Engines, drivers and phases load asyncio and more: a comparison of files, which checks plans too, needs none.
    from bench.engines.engine import engines
    from bench.plan.engines import check_own, own_variants

    check_consistent(plan)
    _check_repeating(plan)
    with _of_plan(plan):
        pick("engine", [plan.engine], engines())
        check_own(plan.engine)
        own = own_variants(plan.trials)
    _check_pieces(plan)
    if any(variant.engine and variant not in own for variant in plan.variants):
        raise DataError(
            tr("Plan {run} has a variant of an engine that is not the one that this pgladder has.", run=plan.run)
        )
    with _of_plan(plan):
        pick("layout", list(dict.fromkeys(trial.layout for trial in plan.trials)), layout_files())
        check_partitions(distinct(plan))
    arms = plan.variants_by_arm
    for trial in distinct(plan):
        _check_trial(plan, trial, phases, arms.get(plan.arm_of(trial)))


def _check_pieces(plan: Plan) -> None:
    """Refuse a plan that was made with other files of a user's; raises as ``check_plan``."""
    from bench.plan.pieces import pieces_of, target_pieces

    now = pieces_of(plan.trials, plan.engine)
    now |= target_pieces(plan.pieces)  # whoever carries it out looks at that
    for name in now.keys() | plan.pieces.keys():
        if now.get(name) != plan.pieces.get(name):
            raise DataError(
                tr(
                    "Plan {run}: {name} is not the file that it was made with. Make a new plan.",
                    run=plan.run,
                    name=name,
                )
            )


def _check_trial(plan: Plan, trial: Trial, phases: Mapping[str, "Phase"], variant: Variant | None) -> None:
    """Refuse a trial that can't be carried out by the pieces that are here; raises as ``check_plan``."""
    from bench.plan.engines import check_engine
    from bench.workload.driver import as_driven, check_driven

    with _of_plan(plan):
        pick("phase", [trial.phase], phases)
        phase = phases[trial.phase]
        if trial.engine != NULL:
            check_engine(trial, phase, plan)
        check(trial.phase, trial.parameters, bound_values=phase.bound_values)
        check_driven(trial.phase, phase, trial.driver, trial.parameters)
        check_trial(trial, plan.preload_rows)
        check_replica(trial, variant)
        check_client_boxes(trial)
    if trial.method != phase.method:
        raise DataError(
            tr(
                "Plan {run}: phase {phase} is not by {method!r} in this pgladder.",
                run=plan.run,
                phase=trial.phase,
                method=trial.method,
            )
        )
    _check_own(trial, as_driven(trial.driver, phase.parameters))


def _check_repeating(plan: Plan) -> None:
    """Refuse to choose by doubts that may depend on the rate; a run that is there already may be of another release."""
    rule = plan.repeat_suspect
    if rule is None:
        return
    if not rule.doubts or not set(rule.doubts) <= set(DOUBTS):
        raise DataError(
            tr(
                "Plan {run} repeats trials by the doubts {named}; there are {known}.",
                run=plan.run,
                named=", ".join(rule.doubts) or tr("none"),
                known=tr(" and ").join(DOUBTS),
            )
        )


@contextmanager
def _of_plan(plan: Plan) -> Iterator[None]:
    """Name the plan, a file, where a check speaks of what somebody asked for."""
    try:
        yield
    except UsageError as error:
        raise DataError(tr("Plan {run}: {error}", run=plan.run, error=error)) from error


def check_consistent(plan: Plan) -> None:
    """Refuse a plan that contradicts itself, whatever phases it has.

    Raises:
        DataError: it has no trials, a variant or a trial number twice, a trial of a variant that it does not
            have, a text that is not the one its hash tells, or what ``_check_arms`` and ``_check_rule`` refuse.

    """
    _check_variants(plan)
    _check_numbers(plan)
    _check_arms(plan)
    _check_experiments(plan)
    check_ceilings(plan)
    _check_refining(plan)
    check_promise(plan)
    if plan.until_decided:
        _check_rule(plan)


def _check_variants(plan: Plan) -> None:
    """Refuse a variant that is there twice, or whose text is not the one its hash tells."""
    for variant in (plan.harness, *plan.variants):
        made = as_variant(variant.name, variant.text, variant.refused, variant.version)
        if variant != replace(made, engine=variant.engine):
            raise DataError(
                tr(
                    "Plan {run}: the text of {variant} is not the one its sha256 tells.",
                    run=plan.run,
                    variant=variant.name,
                )
            )
    names = Counter((variant.name, variant.version, variant.engine) for variant in plan.variants)
    for (name, *_), count in names.items():
        if count > 1:
            raise DataError(tr("Plan {run} has the variant {variant} twice.", run=plan.run, variant=name))


def _check_numbers(plan: Plan) -> None:
    """Refuse no trials at all, a number twice, and a trial of a variant that the plan does not have."""
    if not plan.trials:
        raise DataError(tr("Plan {run} has no trials.", run=plan.run))
    arms = plan.variants_by_arm
    for trial in plan.trials:
        if plan.arm_of(trial) not in arms:
            of = trial.variant
            if trial.version:
                of = tr("{variant} for {version}", variant=trial.variant, version=trial.version)
            raise DataError(
                tr(
                    "Plan {run}: trial {number} is of {variant}, no variant of the plan.",
                    run=plan.run,
                    number=trial.number,
                    variant=of,
                )
            )
    if len({trial.number for trial in plan.trials}) < len(plan.trials):
        raise DataError(tr("Plan {run} has two trials of one number.", run=plan.run))


def _check_arms(plan: Plan) -> None:
    """Refuse what no variant can be: refused and yet with a text, the same as another; at least one must be left.

    Only a plan of two variants may set one against itself; a variant without trials may be the same as any.
    """
    if plan.harness.refused is not None:
        raise DataError(tr("Plan {run}: the harness is under every variant, and can't be refused.", run=plan.run))
    for variant in plan.variants:
        if variant.refused is not None:
            _check_refused(plan, variant)
    tried = {trial.variant for trial in plan.trials}
    left = [variant for variant in plan.variants if variant.name in tried and variant.refused is None]
    if not left:
        raise DataError(
            tr("Plan {run}: every variant that has trials is refused, so no candidate is left.", run=plan.run)
        )
    for one, other in combinations(left, 2):
        alike = (one.text, one.version, one.engine) == (other.text, other.version, other.engine)
        if alike and len(plan.variants) > 2:
            raise DataError(
                tr(
                    "Plan {run}: {one} and {other} have one text; leave one of them out.",
                    run=plan.run,
                    one=one.name,
                    other=other.name,
                )
            )


def _check_refused(plan: Plan, variant: Variant) -> None:
    assert variant.refused is not None
    if variant.text:
        raise DataError(
            tr("Plan {run}: {variant} is refused, and has a text all the same.", run=plan.run, variant=variant.name)
        )
    if not variant.refused.strip():
        raise DataError(
            tr("Plan {run}: {variant} is refused, and has no reason for it.", run=plan.run, variant=variant.name)
        )


def _check_experiments(plan: Plan) -> None:
    """Refuse experiments of nothing: each is of a trial of the first block that was asked for.

    What one commit takes is measured in the first block, all other experiments come after it.
    """
    first, *_ = plan.blocks
    bases = {trial.number for trial in plan.trials if trial.block == first and not trial.experiment}
    for trial in plan.trials:
        if trial.without is None and trial.alone_of is None:
            continue
        of = {trial.alone_of, trial.without and trial.without.base} - {None}
        known = len(of) == 1 and of <= bases and (trial.block == first) == (trial.alone_of is not None)
        if not known or (trial.without and not trial.without.constraints):
            raise DataError(
                tr(
                    "Plan {run}: trial {number} is an experiment of no trial of its first block.",
                    run=plan.run,
                    number=trial.number,
                )
            )
        if plan.until_decided:
            raise DataError(tr("Plan {run}: a run until decided has no experiments.", run=plan.run))


def _check_refining(plan: Plan) -> None:
    """Refuse to refine what is no number of a sweep, and first blocks after which none follows, or which differ."""
    rule = plan.refines
    if rule is None:
        return
    whole, plan = plan, plan.as_asked()
    with _of_plan(plan):
        if swept(plan) != [rule.of]:
            raise DataError(
                tr(
                    "Plan {run} refines {of}, and sweeps {swept}.",
                    run=plan.run,
                    of=rule.of,
                    swept=tr(" and ").join(swept(plan)),
                )
            )
    if rule.of == RATE:
        check_closed_loops(whole)
    _check_first_blocks(plan, rule)


def _check_first_blocks(plan: Plan, rule: Refining) -> None:
    """Refuse first blocks that do not have the same points, each a number."""
    first = [block for block in plan.blocks if block <= rule.first_blocks]
    blocks: dict[object, list[int]] = {}
    for trial in plan.trials:
        [value] = values_of(trial, [rule.of])
        if not isinstance(value, int | float):
            raise DataError(
                tr("Plan {run} refines {of}, and {value} is no number.", run=plan.run, of=rule.of, value=value)
            )
        blocks.setdefault((rung_of(trial), value), []).append(trial.block)
    for of_point in blocks.values():
        if [block for block in of_point if block in first] not in ([], first):
            raise DataError(
                tr(
                    "Plan {run}: its first {count} blocks do not have the same points.",
                    run=plan.run,
                    count=rule.first_blocks,
                )
            )


def _check_rule(plan: Plan) -> None:
    """Refuse a plan until decided that has no two arms or no blocks to look at, or that tries one twice in a block."""
    assert plan.until_decided
    with _of_plan(plan):
        [across] = pick("factor", [plan.until_decided.across], FACTORS)
        arms = {value_of(trial, across) for trial in plan.trials}
        check_rule(len(arms), len(plan.blocks))
        check_comparable(plan, across)
    every = Counter(replace(trial, number=1) for trial in plan.trials)
    for trial, count in every.items():
        if count > 1:
            raise DataError(
                tr(
                    "Plan {run}: block {block} tries {variant} {count} times in phase {phase}; a run until decided does"
                    " so once.",
                    run=plan.run,
                    block=trial.block,
                    variant=trial.variant,
                    count=count,
                    phase=trial.phase,
                )
            )


def _check_own(trial: Trial, own: Parameters) -> None:
    """Refuse a parameter that the phase does not have, and the want of one that it has."""
    for name, knob in KNOBS.items():
        asked, usual = getattr(trial.parameters, name), getattr(own, name)
        if name == "load" and trial.parameters.rate is not None:
            continue  # which of them a rate takes was looked at
        lacks = (asked is None) != (usual is None) and not knob.optional
        if lacks or (asked != usual and not knob.applies(own)):
            raise DataError(
                tr(
                    "Trial {number}: phase {phase} can't have {name} = {value}.",
                    number=trial.number,
                    phase=trial.phase,
                    name=name,
                    value=asked,
                )
            )
