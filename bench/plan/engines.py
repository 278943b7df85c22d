"""On which kind of database a trial is measured, in which layouts, and under which variants there. Pure.

A plan has an engine of its own; a phase, or a layout, may name another, which is measured beside it in the same blocks.
``bench.targets.here`` makes the servers, ``bench.agent.run`` gives each trial its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from bench.engines.engine import engines
from bench.engines.postgresql.layout import PLAIN, table_layout
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.names import pick
from bench.model.plan import NULL, POSTGRESQL, Plan, Trial, Variant
from bench.workload.phase import Phase


def layouts_of(phase: Phase, asked: Sequence[str]) -> list[str]:
    """Return in which layouts a phase is carried out: those of its engine that are asked for, else its own."""
    if phase.layout is None and phase.engine is None:
        # Layouts of what speaks no PostgreSQL are asked for of other phases.
        return [name for name in asked if speaks_postgresql(table_layout(name).engine)] or list(asked)
    if phase.layout is None:
        return list(asked)
    return [name for name in asked if table_layout(name).engine == phase.engine] or [phase.layout]


def check_layouts_taken(phases: Iterable[Phase], asked: Sequence[str]) -> None:
    """Refuse a layout that is asked for and that no phase takes.

    Raises:
        UsageError: names it.

    """
    taken = {PLAIN}  # asked for where nobody asks
    for phase in phases:
        taken |= set(layouts_of(phase, asked))
    for name in asked:
        if name not in taken:
            raise UsageError(
                tr("The layout {name} means nothing to the phases asked for: leave it out, or name others.", name=name)
            )


def engine_of(name: str, phase: Phase, layout: str, own: str) -> str | None:
    """Return the engine that a phase is measured on in a layout; None: on that of the plan, ``own``.

    Raises:
        UsageError: phase and layout are of two kinds of database, or of an unknown one.

    """
    of_layout = table_layout(layout).engine
    named = list(dict.fromkeys(filter(None, (phase.engine, of_layout))))
    if len(named) > 1 or (phase.engine is None and not speaks_postgresql(of_layout)):
        kind = phase.engine or "PostgreSQL"
        raise UsageError(
            tr(
                "Phase {name} writes to {kind}, and the layout {layout} is of {of_layout}: name another one.",
                name=name,
                kind=kind,
                layout=layout,
                of_layout=of_layout,
            )
        )
    [engine] = pick("engine", named or [own], engines())
    return None if engine == own else engine


def check_engine(trial: Trial, phase: Phase, plan: Plan) -> None:
    """Refuse a trial that is planned on another engine than its phase and layout are of.

    Raises:
        UsageError: says which.

    """
    engine = engine_of(trial.phase, phase, trial.layout, plan.engine)
    if engine != trial.engine:
        raise UsageError(
            tr(
                "trial {number}, phase {phase} in the layout {layout}, is on {there}, and they are of {engine}.",
                number=trial.number,
                phase=trial.phase,
                layout=trial.layout,
                there=trial.engine or plan.engine,
                engine=engine or plan.engine,
            )
        )


def check_own(engine: str) -> None:
    """Refuse as a plan's own an engine that speaks no PostgreSQL: the harness and the variants of plans are of that.

    Raises:
        UsageError: names it.

    """
    if not speaks_postgresql(engine):
        raise UsageError(
            tr(
                "{engine} is measured by rungs of its own, beside PostgreSQL: ask for its --phases instead.",
                engine=engine,
            )
        )


def speaks_postgresql(engine: str | None) -> bool:
    """Return whether an engine takes PostgreSQL's protocol and variants; that of a plan, None, does."""
    return _own_variant(engine) is None


def alterable(trials: Iterable[Trial]) -> list[Trial]:
    """Return the trials on what speaks PostgreSQL: the null server stands in for it, and settings can be taken away."""
    return [trial for trial in trials if speaks_postgresql(trial.engine)]


def variants_on(engine: str | None, asked: Sequence[str]) -> list[str]:
    """Return the names of the variants that are tried on an engine: those asked for, or the only one that it has."""
    own = _own_variant(engine)
    return list(asked) if own is None else [own.name]


def own_variants(trials: Iterable[Trial]) -> list[Variant]:
    """Return the variants of the engines of these trials that take none of PostgreSQL's."""
    found = map(_own_variant, dict.fromkeys(trial.engine for trial in trials))
    return [variant for variant in found if variant]


def _own_variant(engine: str | None) -> Variant | None:
    if engine in (None, POSTGRESQL, NULL):  # known without loading it
        return None
    [known] = pick("engine", [str(engine)], engines())
    own = engines()[known].variant
    return own and replace(own, engine=known)
