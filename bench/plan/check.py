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
from bench.model.names import pick
from bench.model.plan import KNOBS, MAX_STATEMENT_PARAMETERS, Parameters, Plan, Trial
from bench.plan.contrast import FACTORS, check_comparable, value_of
from bench.stats.sequential import FIRST_LOOK, LAST_LOOK

if TYPE_CHECKING:
    from bench.workload.phase import Phase

MAX_PAYLOAD_BYTES = 1_000_000_000
"""A value has less than 1 GiB, the statement around it included (src/include/utils/memutils.h)."""
MAX_TRIALS = 10_000
"""Of one plan: more is a typing error, and would take a month."""
AGAIN = "-again"
"""Ends the name of a variant's copy where it is set against itself."""


def effective(phases: Mapping[str, Parameters], overrides: Mapping[str, int | str | None]) -> dict[str, Parameters]:
    """Return each phase's parameters with the user's changes, where they mean something to that phase.

    A pool, an event loop or several in flight are no part of a psycopg2 phase; a batch no part of a single insert.

    Raises:
        UsageError: a change means something to none of them.

    """
    asked = {name: value for name, value in overrides.items() if value is not None}
    for name in asked:
        if not any(KNOBS[name].applies(parameters) for parameters in phases.values()):
            option = name.replace("_", "-")
            raise UsageError(f"--{option} means nothing to the phases asked for: {', '.join(phases)}.")
    changed = {}
    for phase, parameters in phases.items():
        meant = {name: value for name, value in asked.items() if KNOBS[name].applies(parameters)}
        changed[phase] = replace(parameters, **meant)  # type: ignore[arg-type]
    return changed


def check(phase: str, parameters: Parameters, *, bound_values: bool) -> None:
    """Refuse parameters that can't work.

    Raises:
        UsageError: says which and what would.

    """
    if bound_values and 2 * parameters.batch > MAX_STATEMENT_PARAMETERS:
        most = MAX_STATEMENT_PARAMETERS // 2
        raise UsageError(
            f"Phase {phase}: a batch of {parameters.batch} needs {2 * parameters.batch} parameters, and one statement"
            f" takes {MAX_STATEMENT_PARAMETERS}; ask for --batch {most} or less."
        )
    from bench.workload.load import loads

    pick("load model", [parameters.load], loads())
    if parameters.payload_bytes > MAX_PAYLOAD_BYTES:
        raise UsageError(
            f"Phase {phase}: PostgreSQL takes no value of {parameters.payload_bytes:,} bytes; ask for --payload-bytes"
            f" {MAX_PAYLOAD_BYTES} or less."
        )
    if parameters.pool_min and parameters.pool_max and parameters.pool_min > parameters.pool_max:
        raise UsageError(
            f"Phase {phase}: a pool can't hold at least {parameters.pool_min} and at most {parameters.pool_max}."
        )


def check_rule(arms: int, blocks: int) -> None:
    """Refuse a run until decided that could never be decided.

    Raises:
        UsageError: one arm, or a number of blocks that the rule does not look at.

    """
    if arms < 2:
        raise UsageError(
            "A run until decided takes two variants or more, or two of what it varies: one is compared with nothing."
        )
    if not FIRST_LOOK <= blocks <= LAST_LOOK:
        raise UsageError(
            f"A run until decided takes {FIRST_LOOK} to {LAST_LOOK} blocks at most, not {blocks}: give --max-blocks."
        )


def check_plan(plan: Plan, phases: Mapping[str, "Phase"]) -> None:
    """Refuse a plan that this pgladder can't carry out.

    Raises:
        DataError: it contradicts itself, or has an unknown phase, a batch too large, or a parameter that its phase
            does not have.

    """
    # Engines, drivers and phases load asyncio and more: a comparison of files, which checks plans too, needs none.
    from bench.engines.engine import engines
    from bench.plan.pieces import pieces_of, target_pieces
    from bench.workload.driver import check_driven

    check_consistent(plan)
    with _of_plan(plan):
        pick("engine", [plan.engine], engines())
    layouts = layout_files()
    now = pieces_of(plan.trials, plan.engine)
    now |= target_pieces(plan.pieces)  # whoever carries it out looks at that
    for name in now.keys() | plan.pieces.keys():
        if now.get(name) != plan.pieces.get(name):
            raise DataError(f"Plan {plan.run}: {name} is not the file that it was made with. Make a new plan.")
    for trial in plan.trials:
        with _of_plan(plan):
            pick("phase", [trial.phase], phases)
            pick("layout", [trial.layout], layouts)
            check(trial.phase, trial.parameters, bound_values=phases[trial.phase].bound_values)
            check_driven(trial.phase, phases[trial.phase], trial.driver)
        if trial.method != phases[trial.phase].method:
            raise DataError(f"Plan {plan.run}: phase {trial.phase} is not by {trial.method!r} in this pgladder.")
        _check_own(trial, phases[trial.phase].parameters)


@contextmanager
def _of_plan(plan: Plan) -> Iterator[None]:
    """Name the plan, a file, where a check speaks of what somebody asked for."""
    try:
        yield
    except UsageError as error:
        raise DataError(f"Plan {plan.run}: {error}") from error


def check_consistent(plan: Plan) -> None:
    """Refuse a plan that contradicts itself, whatever phases it has.

    Raises:
        DataError: it has no trials, a variant or a trial number twice, a trial of a variant that it does not
            have, a text that is not the one its hash tells, or what ``_check_arms`` and ``_check_rule`` refuse.

    """
    names = Counter((variant.name, variant.version) for variant in plan.variants)
    for variant in (plan.harness, *plan.variants):
        if variant != as_variant(variant.name, variant.text, variant.refused, variant.version):
            raise DataError(f"Plan {plan.run}: the text of {variant.name} is not the one its sha256 tells.")
    for (name, _), count in names.items():
        if count > 1:
            raise DataError(f"Plan {plan.run} has the variant {name} twice.")
    if not plan.trials:
        raise DataError(f"Plan {plan.run} has no trials.")
    arms = plan.variants_by_arm
    for trial in plan.trials:
        if (trial.variant, trial.version) not in arms:
            version = f" for {trial.version}" if trial.version else ""
            raise DataError(
                f"Plan {plan.run}: trial {trial.number} is of {trial.variant}{version}, no variant of the plan."
            )
    if len({trial.number for trial in plan.trials}) < len(plan.trials):
        raise DataError(f"Plan {plan.run} has two trials of one number.")
    _check_arms(plan)
    if plan.until_decided:
        _check_rule(plan)


def _check_arms(plan: Plan) -> None:
    """Refuse what no variant can be: refused and yet with a text, the same as another; at least one must be left.

    Only a plan of two variants may set one against itself; a variant without trials may be the same as any.
    """
    if plan.harness.refused is not None:
        raise DataError(f"Plan {plan.run}: the harness is under every variant, and can't be refused.")
    for variant in plan.variants:
        if variant.refused is not None and (variant.text or not variant.refused.strip()):
            what = "has a text all the same" if variant.text else "has no reason for it"
            raise DataError(f"Plan {plan.run}: {variant.name} is refused, and {what}.")
    tried = {trial.variant for trial in plan.trials}
    left = [variant for variant in plan.variants if variant.name in tried and variant.refused is None]
    if not left:
        raise DataError(f"Plan {plan.run}: every variant that has trials is refused, so no candidate is left.")
    for one, other in combinations(left, 2):
        if one.text == other.text and one.version == other.version and len(plan.variants) > 2:
            raise DataError(f"Plan {plan.run}: {one.name} and {other.name} have one text; leave one of them out.")


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
                f"Plan {plan.run}: block {trial.block} tries {trial.variant} {count} times in phase {trial.phase};"
                " a run until decided does so once."
            )


def _check_own(trial: Trial, own: Parameters) -> None:
    """Refuse a parameter that the phase does not have, and the want of one that it has."""
    for name, knob in KNOBS.items():
        asked, usual = getattr(trial.parameters, name), getattr(own, name)
        if (asked is None) != (usual is None) or (asked != usual and not knob.applies(own)):
            raise DataError(f"Trial {trial.number}: phase {trial.phase} can't have {name} = {asked}.")
