"""A plan with its experiments: each trial that was asked for, in each block, and again without each constraint.

The first block has the trials that were asked for, and what one commit takes of client and server, as it is and
without each constraint, where it has no other beside it. What they show is written down, as predictions, before the
first experiment (``bench.plan.suspects``). In the others stand beside them, too, the trials that tell whether it is
the server that binds a rung, or its clients (``bench.plan.ceiling``). Pure.
"""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.constraints.constraint import Place, Removal, constraints
from bench.engines.postgresql.render import as_variant, texts
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.names import pick
from bench.model.plan import MAX_TRIALS, Parameters, Plan, Trial, Variant, Without
from bench.plan.ceiling import ceilings, twin
from bench.plan.client_boxes import removal_of
from bench.plan.pieces import pieces_of
from bench.stats.blocks import block_orders
from bench.workload.driver import as_driven
from bench.workload.phase import ladder

LEAST_BLOCKS = 3
"""The first to predict from, two to compare in."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """A trial without a constraint, and the variant that it is of."""

    trial: Trial
    variant: Variant


def with_experiments(plan: Plan, place: Place, names: Sequence[str] = ()) -> Plan:
    """Return a plan in which each trial is also carried out without each constraint that can be taken away there.

    Args:
        plan: as it was asked for.
        place: where it is carried out.
        names: of the constraints that are taken away; none: each that can be without being asked for by name.

    Raises:
        UsageError: one is unknown, or can't be taken away from any of the trials; its blocks are too few, or it has
            several versions, or too many trials come of it.

    """
    first, *_ = plan.blocks
    asked = [trial for trial in plan.trials if trial.block == first and not trial.experiment]
    _check_explainable(plan, asked)
    wanted = pick("constraint", names, constraints()) if names else list(constraints())
    place = replace(place, asked=frozenset(_with_controls(names)))
    bases = [replace(trial, number=number) for number, trial in enumerate(asked, 1)]
    variants = {variant.name: variant for variant in plan.variants}
    arms, trials = _arms(bases, variants, place, wanted)
    if names and not any(trial.without for trial in arms):
        raise UsageError(
            tr("Nothing takes {names} away from the phases asked for: ask for others.", names=tr(" or ").join(names))
        )
    trials = _in_blocks(plan, trials, arms)
    return replace(plan, trials=tuple(trials), variants=tuple(variants.values()), pieces=pieces_of(trials, plan.engine))


def _arms(
    bases: Sequence[Trial], variants: dict[str, Variant], place: Place, wanted: Sequence[str]
) -> tuple[list[Trial], list[Trial]]:
    """Return what every block has, and what the first has; their variants are added to those that there are."""
    # Whether it is the server that binds a rung, or its clients, is a part of the answer.
    # On client boxes neither is known (``bench.analysis.bound``), nor what a commit takes of processors in common.
    here = [base for base in bases if not base.parameters.client_boxes]
    arms = [*bases, *ceilings(here, variants)]
    trials = list(bases)
    for base in bases:
        if base.parameters.in_flight == 1 and base in here:
            # Of one commit at a time no experiment has more clients.
            arms.append(twin(base))
        of_base = []
        for experiment in experiments(base, variants[base.variant], place, wanted):
            of_base.append(experiment.trial)
            variants.setdefault(experiment.variant.name, experiment.variant)
        arms += of_base
        if base in here:
            trials += alone(base, of_base)
    return arms, trials


def _in_blocks(plan: Plan, first: Sequence[Trial], arms: Sequence[Trial]) -> list[Trial]:
    """Return the trials of the first block, and all others in each block after it; raises as ``with_experiments``."""
    trials = [replace(trial, number=number) for number, trial in enumerate(first, 1)]
    orders = block_orders(arms, len(plan.blocks) - 1, random.Random(plan.seed))
    for block, ordered in zip(plan.blocks[1:], orders, strict=True):
        for trial in ordered:
            trials.append(replace(trial, block=block, number=len(trials) + 1))
    if len(trials) > MAX_TRIALS:
        raise UsageError(
            tr(
                "The plan would have {count:,} trials, and one may have {most:,}; ask for fewer --blocks.",
                count=len(trials),
                most=MAX_TRIALS,
            )
        )
    return trials


def _check_explainable(plan: Plan, asked: Iterable[Trial]) -> None:
    """Refuse too few blocks, several versions, and trials on an engine of which nothing can be taken away."""
    if len(plan.blocks) < LEAST_BLOCKS:
        raise UsageError(
            tr(
                "An explanation takes {least} blocks or more: from the first one predictions are made, in the others"
                " they are tried.",
                least=LEAST_BLOCKS,
            )
        )
    if len(plan.versions) > 1:
        raise UsageError(tr("An explanation is of one version: name one of --versions."))
    for trial in asked:
        if trial.engine:
            raise UsageError(
                tr(
                    "Phase {phase} is of {engine}, of which nothing can be taken away: leave it out.",
                    phase=trial.phase,
                    engine=trial.engine,
                )
            )


def experiments(
    base: Trial, variant: Variant, place: Place, names: Iterable[str] | None = None
) -> Iterator[Experiment]:
    """Yield a trial without each constraint that can be taken away; what several ask for alike is one trial.

    ``names`` are those of the constraints; None: all.
    """
    found: dict[Trial, Experiment] = {}
    named: dict[str, Variant] = {}
    for name in _with_controls(constraints() if names is None else names):
        removal = removal_of(name, base, place)
        if not isinstance(removal, Removal):
            continue
        # What two take away by the same settings is one variant, and one trial.
        settings = repr(sorted(removal.settings.items()))
        of_variant = named.setdefault(settings, _without_settings(variant, name, removal))
        trial = _changed(base, removal, of_variant.name)
        if trial == base:
            continue
        without = Without(constraints=(name,), base=base.number)
        if trial in found:
            before = found[trial].trial.without
            assert before
            without = replace(before, constraints=(*before.constraints, name))
        found[trial] = Experiment(replace(trial, without=without), of_variant)
    yield from found.values()


def _with_controls(names: Iterable[str]) -> list[str]:
    """Return constraints and those they are measured beyond: they are compared with a trial without these."""
    wanted = list(names)
    beyond = [constraints()[name].beyond for name in wanted]
    return sorted({*wanted, *filter(None, beyond)})


def alone(base: Trial, of_base: Iterable[Trial]) -> list[Trial]:
    """Return trials of one commit at a time: without each constraint, and as asked for before, between and after them.

    What all others are compared with is measured more often, as Dunnett has it for a control: its error is in each
    prediction. Once alone, it was 30 to 87 % off in all nine of a rung here.
    """
    found: dict[Trial, Trial] = {}
    for trial in (base, *of_base):
        single = replace(trial, parameters=_one_at_a_time(trial.parameters, base.parameters), alone_of=base.number)
        # What is taken away may be what no commit alone has: more processes, a larger pool.
        found.setdefault(replace(single, without=None), single)
    as_asked, *others = found.values()
    if not others:
        return []
    half = len(others) // 2
    around = [*others[:half], as_asked, *others[half:], as_asked]
    if replace(as_asked, alone_of=None) == base:
        return around
    return [as_asked, *around]


def _one_at_a_time(parameters: Parameters, base: Parameters) -> Parameters:
    return replace(parameters, in_flight=1, processes=1, pool_min=base.pool_min, pool_max=base.pool_max)


def _without_settings(variant: Variant, constraint: str, removal: Removal) -> Variant:
    """Return the variant with the settings of a removal on top; the same where it has them already."""
    there = texts(variant)
    if all(there.get(name) == value for name, value in removal.settings.items()):
        return variant
    lines = [f"{name} = '{value}'\n" for name, value in removal.settings.items()]
    text = "".join([variant.text, f"# without {constraint}\n", *lines])
    return as_variant(f"{variant.name}-without-{constraint}", text, variant.refused, variant.version)


def _changed(base: Trial, removal: Removal, variant: str) -> Trial:
    [phase] = pick("phase", [removal.phase or base.phase], ladder())
    changes: Mapping[str, int | float | str | None] = removal.parameters
    parameters = replace(base.parameters, **changes)  # type: ignore[arg-type]
    if removal.driver:
        parameters = as_driven(removal.driver, parameters)
    return replace(
        base,
        driver=removal.driver or base.driver,
        phase=phase,
        method=ladder()[phase].method,
        variant=variant,
        layout=removal.layout or base.layout,
        transport=removal.transport or base.transport,
        parameters=parameters,
    )
