"""Contrast: what is compared with what. By a factor trials differ, in a cell they agree in all else.

A factor is anything a trial is made of: its variant, layout, phase, transport, driver, the version of the database, the
kind of database, or one parameter by its name.
Pure, and used on both sides: the agent asks whether to go on (``bench.plan.rule``), ``bench.analysis`` what came of it.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from operator import attrgetter

from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.names import pick
from bench.model.outcome import R
from bench.model.plan import KNOBS, POSTGRESQL, REPLICAS, Plan, Trial
from bench.model.values import Layout, Transport
from bench.plan.rates import Block, counting

VARIANT, PHASE, LAYOUT, TRANSPORT, DRIVER = "variant", "phase", "layout", "transport", "driver"
VERSION, ENGINE = "version", "engine"
OF_TRIAL = (VARIANT, LAYOUT, PHASE, TRANSPORT, DRIVER, VERSION, ENGINE)
OF_PARAMETERS = tuple(KNOBS)
POOL = "pool"
"""Both bounds of a pool as one factor, where each pool of a plan opens all its connections at the start."""
TOGETHER = {POOL: ("pool_min", "pool_max")}
"""Factors that are several parameters; the last one has its size."""
OF_PHASE = (DRIVER, *OF_PARAMETERS, POOL)
"""Of which each phase has its own."""
OF_DRIVER = ("pool_min", "pool_max", "event_loop", "reset")
"""Parameters that one driver has and another, with None, has not."""
OF_ROWS = ("batch", "payload_bytes", "rate", "collect_ms")
"""Parameters in which trials on several kinds of database agree; each has rungs and tables of its own."""
FACTORS = (*OF_TRIAL, *OF_PARAMETERS, *TOGETHER)
"""By which the trials of one run may differ."""
WHOLE = ""
"""No factor of a run's: its trials are compared with those of another run."""
USUAL = (POSTGRESQL, "plain", "tcp", "asyncpg", "psycopg2", "reset=query")
"""Values that the others of their factor are compared with where nobody names another."""
place_of = attrgetter(*OF_TRIAL, "method", "parameters")
"""All of a trial but its place in the order."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What trials that are compared have in common; None, or no such parameter: the factor by which they differ."""

    phase: str | None
    method: str | None
    driver: str | None
    variant: str | None
    layout: Layout | None
    transport: Transport | None
    version: str | None
    parameters: tuple[tuple[str, int | float | str | None], ...]


def cell_of(trial: Trial, across: str = WHOLE) -> Cell:
    """Return all of a trial but its place in the order and the factor ``across``.

    A phase has its own parameters and driver: between phases they differ with it, some between drivers. An engine has
    its own phases and layouts: between engines trials agree in the rows that they write.
    """
    parameters = asdict(trial.parameters)
    for name in OF_DRIVER if across == DRIVER else TOGETHER.get(across, (across,)):
        parameters.pop(name, None)
    cell = Cell(
        phase=trial.phase,
        method=trial.method,
        driver=trial.driver,
        variant=trial.variant,
        layout=trial.layout,
        transport=trial.transport,
        version=trial.version,
        parameters=tuple(parameters.items()),
    )
    if across == PHASE:
        return replace(cell, phase=None, method=None, driver=None, parameters=())
    if across == ENGINE:
        rows = tuple((name, parameters[name]) for name in OF_ROWS)
        return replace(cell, phase=None, method=None, driver=None, layout=None, parameters=rows)
    if across in OF_TRIAL:
        return replace(cell, **{across: None})  # type: ignore[arg-type]
    return cell


def value_of(trial: Trial, across: str) -> str:
    """Return the name of the arm that a trial is of; a parameter's says which it is."""
    if across == WHOLE:
        return WHOLE
    if across == ENGINE:
        return trial.engine or POSTGRESQL  # a plan's own speaks it
    if across in OF_TRIAL:
        name: str | None = getattr(trial, across)
        return name or WHOLE
    if across in TOGETHER:
        values = [str(getattr(trial.parameters, name)) for name in TOGETHER[across]]
        return f"{across}={'–'.join(dict.fromkeys(values))}"
    return f"{across}={written(getattr(trial.parameters, across))}"


def written(value: object) -> str:
    """Return a value as people write it.

    >>> from bench.plan.contrast import written
    >>> written(20000.0), written(0.5), written(100), written("poisson")
    ('20000', '0.5', '100', 'poisson')
    """
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def candidates_of(plan: Plan, across: str, baseline: str | None = None) -> list[str]:
    """Return the arms of a plan, first the one that the others are compared with.

    That is the plan's first variant, the ladder's lowest phase, the plain table, TCP, the smallest number, or the one
    that is named.

    Raises:
        UsageError: no trial is of the baseline that is named.

    """
    return _in_order(plan, {value_of(trial, across): trial for trial in plan.trials}, across, baseline)


def _in_order(plan: Plan, found: Mapping[str, Trial], across: str, baseline: str | None) -> list[str]:
    if across == VARIANT:
        names = [name for name in names_of_variants(plan) if name in found]
    elif across in OF_TRIAL:
        usual = _usual(plan, found) if across == LAYOUT else USUAL
        names = sorted(found, key=lambda name: (name not in usual, name))
    else:
        names = sorted(found, key=lambda name: (name not in USUAL, _size(found[name], across)))
    if baseline is None:
        return names
    [first] = pick(across, [baseline], names)
    return [first, *(name for name in names if name != first)]


def _usual(plan: Plan, layouts: Collection[str]) -> tuple[str, ...]:
    """Return the layout that most others name as theirs to be compared with, where it was tried; else the plain one."""
    named: Counter[str] = Counter()
    for name in layouts:
        baseline = plan.baselines.get(name)
        if baseline is not None and baseline in layouts:
            named[baseline] += 1
    if not named:
        return USUAL
    # Of several that are named as often, one that is compared with none of these itself.
    first = max(sorted(named), key=lambda name: (named[name], plan.baselines.get(name) not in layouts))
    return (first,)


def _size(trial: Trial, across: str) -> tuple[float, str]:
    *_, name = TOGETHER.get(across, (across,))
    return size_of(name, getattr(trial.parameters, name, None))


def size_of(name: str, value: int | float | str | None) -> tuple[float, str]:
    """Return what values of a parameter are ordered by: numbers by size, what commits wait for by how much, else words.

    >>> from bench.plan.contrast import size_of
    >>> sorted(["on", "async", "none"], key=lambda level: size_of("replica", level))
    ['none', 'async', 'on']
    """
    if name == "replica":
        return REPLICAS.index(value), ""
    if isinstance(value, int | float):
        return value, ""
    return 0, value or ""


def names_of_variants(plan: Plan) -> list[str]:
    """Return the names of a plan's variants, in their order; each version of the database has one of that name.

    An engine's one variant of its own is compared with nothing.
    """
    return list(dict.fromkeys(variant.name for variant in plan.variants if variant.engine is None))


def texts_of_variants(plan: Plan) -> dict[str, str]:
    """Return the beginning of each variant's hash by its name, and by its version where a plan has several."""
    several = len(plan.versions) > 1
    found = {}
    for variant in plan.variants:
        name = f"{variant.name} of {variant.version}" if several else variant.name
        found[name] = variant.sha256[:8]
    return found


def varying(plan: Plan) -> list[str]:
    """Return the factors by which the trials of a plan differ; what differs between phases goes with these."""
    found = []
    for factor in (*OF_TRIAL, *OF_PARAMETERS):
        values: dict[str, set[str]] = {}
        for trial in plan.trials:
            if factor in OF_DRIVER and getattr(trial.parameters, factor) is None:
                continue
            values.setdefault(_within(trial, factor), set()).add(value_of(trial, factor))
        if any(len(each) > 1 for each in values.values()) and (factor != ENGINE or _engines_vary(plan)):
            found.append(factor)
    return _together(plan, found)


def _within(trial: Trial, factor: str) -> str:
    """Return the phase with which a factor differs; empty where phases themselves are told by it."""
    return trial.phase if factor in (*OF_PHASE, LAYOUT, VARIANT) else ""


def _engines_vary(plan: Plan) -> bool:
    """Return whether rungs of several kinds of database write alike, so that these can be compared.

    Where one rung is measured on several, their layouts tell them apart.
    """
    engines: dict[str, set[str]] = defaultdict(set)
    for trial in plan.trials:
        engines[trial.phase].add(value_of(trial, ENGINE))
    return all(len(of_phase) == 1 for of_phase in engines.values()) and differs_alone(plan, ENGINE)


def _together(plan: Plan, found: Sequence[str]) -> list[str]:
    """Return factors with those that are one, as a pool's two bounds where each pool is of one size."""
    of_pool = TOGETHER[POOL]
    of_one_size = all(trial.parameters.pool_min == trial.parameters.pool_max for trial in plan.trials)
    if not (of_one_size and set(of_pool) <= set(found)):
        return list(found)
    return list(dict.fromkeys(POOL if factor in of_pool else factor for factor in found))


def distinguishing(own: Mapping[str, object], others: Collection[Mapping[str, object]]) -> list[str]:
    """Return the names, each with its own value, under which any of the others has another value.

    >>> from bench.plan.contrast import distinguishing
    >>> distinguishing({"batch": 10, "in_flight": 1}, [{"batch": 500, "in_flight": 1}])
    ['batch 10']
    """
    words = []
    for name, value in own.items():
        if any(other[name] != value for other in others):
            words.append(f"{name} {written(value)}")
    return words


def driven_by_several(trials: Iterable[Trial]) -> set[str]:
    """Return the phases that several drivers carried out: there a reader must know which."""
    drivers: dict[str, set[str]] = {}
    for trial in trials:
        drivers.setdefault(trial.phase, set()).add(trial.driver)
    return {phase for phase, names in drivers.items() if len(names) > 1}


def factor_of(plan: Plan, asked: str | None = None) -> str:
    """Return the factor by which a plan's trials are compared: the one that is asked for, or the one that it tries.

    Raises:
        UsageError: an unknown factor, one that does not vary, several that do, or none.

    """
    check_compared(plan)
    if asked is None:
        factor = _only_one(plan, tried_factors(plan) or varying(plan))
    else:
        [factor] = pick("factor", [asked], FACTORS)
    check_comparable(plan, factor)
    return factor


def _only_one(plan: Plan, tried: Sequence[str]) -> str:
    """Return the factor that a plan tries; raises as ``factor_of``."""
    if len(tried) > 1:
        words = tr(" or ").join(f"--across {name}" for name in tried)
        raise UsageError(
            tr(
                "Run {run} varies {tried}: say which to compare, {words}.",
                run=plan.run,
                tried=tr(" and ").join(tried),
                words=words,
            )
        )
    if not tried:
        raise UsageError(
            tr(
                "Run {run} has one variant, {name}: nothing to compare in it; compare it with another run:"
                " pgladder compare A B.",
                run=plan.run,
                name=plan.variants[0].name,
            )
        )
    return tried[0]


def check_compared(plan: Plan) -> None:
    """Refuse a plan whose trials were chosen by what came of those before: a comparison of them says nothing.

    Raises:
        UsageError: says what answers instead.

    """
    if plan.promise:
        raise UsageError(
            tr(
                "Run {run} searched for the highest rate that keeps a promise: which trials it has follows from"
                " what they reached, so they are not compared. Its answer: pgladder slo DIR.",
                run=plan.run,
            )
        )


def check_comparable(plan: Plan, factor: str) -> None:
    """Refuse a factor across which nothing can be compared: no two trials differ in it alone.

    Raises:
        UsageError: says what varies instead, or with it.

    """
    found = varying(plan)
    if factor == VARIANT and len(names_of_variants(plan)) > 1:
        return
    if POOL in found and factor in TOGETHER[POOL]:
        raise UsageError(
            tr("Both bounds of the pools of run {run} vary together: compare --across {pool}.", run=plan.run, pool=POOL)
        )
    if factor == ENGINE and ENGINE in found:
        _check_engines(plan)
        return
    others = [name for name in found if name != factor]
    if factor not in found:
        instead = tr(" It varies {factors}.", factors=tr(" and ").join(others)) if others else ""
        raise UsageError(
            tr(
                "Run {run} does not vary {factor}: nothing to compare across it.{instead}",
                run=plan.run,
                factor=factor,
                instead=instead,
            )
        )
    _check_alone(plan, factor, others)


def _check_alone(plan: Plan, factor: str, others: Sequence[str]) -> None:
    """Refuse a factor with which one of the others varies wherever it does; raises as ``check_comparable``."""
    goes_with: Collection[str] = ()
    if factor == PHASE:
        goes_with = OF_PHASE
    elif factor == DRIVER:
        goes_with = (*OF_DRIVER, POOL)
    with_factor = [name for name in others if name in goes_with]
    if with_factor:
        raise UsageError(
            tr(
                "The {factor}s of run {run} vary {with_factor} too: compare across that.",
                factor=factor,
                run=plan.run,
                with_factor=tr(" and ").join(with_factor),
            )
        )
    if not differs_alone(plan, factor):
        raise UsageError(
            tr(
                "No two trials of run {run} differ in {factor} alone: {others} vary with it.",
                run=plan.run,
                factor=factor,
                others=tr(" and ").join(others),
            )
        )


def _check_engines(plan: Plan) -> None:
    """Refuse engines of which one has several phases or layouts that write alike: which one would be compared?"""
    named: dict[Cell, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for trial in distinct(plan):
        named[cell_of(trial, ENGINE)][value_of(trial, ENGINE)].add(f"{trial.phase} in {trial.layout}")
    for of_engines in named.values():
        if len(of_engines) > 1:
            _check_one_way(plan, of_engines)


def _check_one_way(plan: Plan, of_engines: Mapping[str, Collection[str]]) -> None:
    """Refuse several ways of an engine to write the same rows; raises as ``check_comparable``."""
    for engine, ways in of_engines.items():
        if len(ways) > 1:
            raise UsageError(
                tr(
                    "Of {engine} run {run} has {ways}, which write the same rows a commit: to compare engines, ask"
                    " for one phase and one layout of each.",
                    engine=engine,
                    run=plan.run,
                    ways=tr(" and ").join(sorted(ways)),
                )
            )


def differs_alone(plan: Plan, factor: str) -> bool:
    """Return whether any two trials differ in a factor and in nothing else."""
    return any(len(arms) > 1 for arms in examples(plan, factor).values())


def tried_factors(plan: Plan) -> list[str]:
    """Return the factors that a plan tries: its variants, else what varies beside the phases, which are the ladder.

    A search tries none: its trials are not compared.
    """
    if plan.promise:
        return []
    if len(names_of_variants(plan)) > 1:
        return [VARIANT]
    return [factor for factor in varying(plan) if factor != PHASE]


class Slots:
    """Which cell and arm a trial is of, as a number for each pair.

    Runs of one request share their trials as objects (``bench.model.outcome``): each object is looked at once, as what
    a trial is made of takes ten times as long to hash as where it lies.
    """

    def __init__(self, across: str) -> None:
        self.across = across
        self.pairs: list[tuple[Cell, str, Trial]] = []
        """By number, with a trial of it."""
        self._by_place: dict[object, int] = {}
        self._by_id: dict[int, int] = {}
        self._seen: list[Trial] = []
        """Kept, so that no other object comes to lie where one of them lay."""

    def numbers(self, trials: Iterable[Trial]) -> list[int]:
        """Return the number of each trial's cell and arm."""
        for trial in trials:
            if id(trial) not in self._by_id:
                self._by_id[id(trial)] = self._number(trial)
                self._seen.append(trial)
        return [self._by_id[id(trial)] for trial in trials]

    def _number(self, trial: Trial) -> int:
        place = place_of(trial)
        if place not in self._by_place:
            self._by_place[place] = len(self.pairs)
            self.pairs.append((cell_of(trial, self.across), value_of(trial, self.across), trial))
        return self._by_place[place]


def by_cell(
    plan: Plan,
    records: Sequence[R],
    across: str = VARIANT,
    baseline: str | None = None,
    slots: Slots | None = None,
) -> dict[Cell, dict[str, dict[Block, R]]]:
    """Return by cell and arm, of each block's trials, the records that count.

    ``slots`` are those of other runs that are to be counted as one with it, if any.
    Cells are in the order of phase, layout, transport, variant. Each has every arm of the plan, also one without a
    trial there, the baseline first; across a parameter those that have one, as not every phase has each of them.
    """
    slots = slots or Slots(across)
    found: dict[Cell, dict[str, dict[Block, R]]] = {}
    values: dict[str, Trial] = {}
    for slot, blocks in _by_slot(plan, records, slots).items():
        cell, value, trial = slots.pairs[slot]
        found.setdefault(cell, {})[value] = blocks
        values.setdefault(value, trial)
    arms = _in_order(plan, values, across, baseline)
    variants = names_of_variants(plan)
    in_order: dict[Cell, dict[str, dict[Block, R]]] = {}
    for cell in sorted(found, key=lambda cell: _order(cell, variants)):
        there = found[cell]
        if across == ENGINE and len(there) == 1:
            continue  # what one alone writes so is compared with nothing
        in_order[cell] = {name: there.get(name, {}) for name in arms if name in there or across in OF_TRIAL}
    return in_order


def _by_slot(plan: Plan, records: Sequence[R], slots: Slots) -> dict[int, dict[Block, R]]:
    """Return by the number of a cell and arm the records that count, of each block."""
    counts = counting(records)
    by_slot: dict[int, dict[Block, R]] = defaultdict(dict)
    times: dict[tuple[int, int], int] = {}
    same: dict[Block, Block] = {}
    for trial, slot in zip(plan.trials, slots.numbers(plan.trials), strict=True):
        block, blocks = trial.block, by_slot[slot]
        time = times[slot, block] = times.get((slot, block), 0) + 1
        if record := counts.get(trial.number):
            key = plan.run, block, time
            # One object for all arms: whether they have the same blocks is asked again and again.
            blocks[same.setdefault(key, key)] = record
    return by_slot


def distinct(plan: Plan) -> list[Trial]:
    """Return one trial of each place: the blocks repeat them, and a Cell for each trial takes long."""
    return list({place_of(trial): trial for trial in plan.trials}.values())


def examples(plan: Plan, across: str) -> dict[Cell, dict[str, Trial]]:
    """Return by cell and arm a trial of each."""
    found: dict[Cell, dict[str, Trial]] = {}
    for trial in distinct(plan):
        found.setdefault(cell_of(trial, across), {})[value_of(trial, across)] = trial
    return found


def _order(cell: Cell, variants: Sequence[str]) -> tuple[object, ...]:
    variant = variants.index(cell.variant) if cell.variant else 0
    return (
        cell.phase or "",
        cell.layout or "",
        cell.transport or "",
        variant,
        cell.version or "",
        cell.driver or "",
        [size_of(name, value) for name, value in cell.parameters],
    )
