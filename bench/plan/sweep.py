"""A sweep: values of one parameter, or of two as a grid, that one run tries in the same blocks. Pure.

Its words are ``batch=1,10,100``; ``pool`` is a pool of exactly so many connections, ``payload`` short for
``payload_bytes``. What a plan sweeps is read from its trials: it is no field of its own.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from itertools import pairwise, product

from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.names import pick
from bench.model.plan import KNOBS, Plan, Trial
from bench.plan.contrast import (
    ENGINE,
    OF_PARAMETERS,
    PHASE,
    TOGETHER,
    check_compared,
    distinguishing,
    size_of,
    varying,
)

Value = int | float | str | None
SHORT: Mapping[str, tuple[str, ...]] = {
    # Open from the start: connections that a pool opens within the window would be measured with it.
    **TOGETHER,
    "payload": ("payload_bytes",),
}
"""Words for parameters, and for several that have one value."""
MOST_SWEPT = 2
RATE = "rate"
AUTO = "auto"
AUTOMATIC: Mapping[str, Sequence[int]] = {
    "batch": (1, 3, 10, 30, 100, 300, 1000, 3000),
    "pool": (1, 2, 4, 8, 16, 32),
    "in_flight": (1, 2, 4, 8, 16, 32, 64),
    "processes": (1, 2, 4, 8),
    "payload": (16, 64, 256, 1024, 4096, 16384),
}
"""Of ``auto``: each two to four times the one before."""
CHOSEN: list[dict[str, Value]] = [{RATE: 1.0}]
"""In place of rates that are chosen once it is known how many rows there can be (``bench.plan.rate_points``)."""
FINE, FINER = 2, 3
"""Points between two of these: that many up to twice the smaller one, that many where they are further apart."""
FIGURES = 2
"""Of a point between: 130 says what 131.6 does."""
Rung = tuple[str, ...]


def points_of(text: str) -> list[dict[str, Value]]:
    """Read what is to be swept: a change of parameters for each point, in the order in which values were given.

    Raises:
        UsageError: an unknown parameter, a value that is none of it, less than two values, or too many parameters.

    """
    axes: dict[str, list[dict[str, Value]]] = {}
    for word in text.split():
        name, _, values = word.partition("=")
        [known] = pick("parameter", [name.replace("-", "_")], [*SHORT, *KNOBS])
        if known in axes:
            raise UsageError(tr("{name} is swept twice: name all its values at once.", name=name))
        axes[known] = _axis(known, values)
    if not 0 < len(axes) <= MOST_SWEPT:
        raise UsageError(tr("A sweep is of one parameter, or of {most}: --of batch=1,10,100", most=MOST_SWEPT))
    if len(axes) > 1 and axes.get(RATE) is CHOSEN:
        raise UsageError(tr("rate=auto is swept alone: beside another parameter name the rates, as rate=1000,2000."))
    points = []
    for parts in product(*axes.values()):
        point: dict[str, Value] = {}
        for part in parts:
            point |= part
        points.append(point)
    return points


def _axis(name: str, text: str) -> list[dict[str, Value]]:
    """Return the changes that each value of a parameter makes."""
    changed = SHORT.get(name, (name,))
    if text == AUTO:
        if name == RATE:
            return CHOSEN
        if name not in AUTOMATIC:
            raise UsageError(tr("{name} has no values of its own: name some, as {name}=1,2,4.", name=name))
        return [dict.fromkeys(changed, value) for value in AUTOMATIC[name]]
    found = []
    for each in filter(None, text.split(",")):
        try:
            value = KNOBS[changed[0]].parse(each)
        except ValueError as error:
            raise UsageError(tr("{name}={each}: {error}.", name=name, each=each, error=error)) from error
        found.append(dict.fromkeys(changed, value))
    if len({repr(each) for each in found}) < max(len(found), 2):
        raise UsageError(
            tr("{name}={text}: a sweep takes two values or more, each once, as {name}=1,10,100.", name=name, text=text)
        )
    return found


def finer_points(name: str) -> list[dict[str, Value]]:
    """Return the points between those that are chosen for a parameter; of rates there are none beforehand."""
    found: list[dict[str, Value]] = []
    for low, high in pairwise(AUTOMATIC.get(name, ())):
        found += [dict.fromkeys(SHORT.get(name, (name,)), value) for value in between(low, high)]
    return found


def automatic(text: str) -> str | None:
    """Return the one parameter whose values are chosen; None: values are named, or it is a grid.

    Raises:
        UsageError: as ``points_of``.

    """
    points_of(text)
    [word, *others] = text.split()
    name, _, values = word.partition("=")
    return name.replace("-", "_") if values == AUTO and not others else None


def between(low: int, high: int) -> list[int]:
    """Return whole numbers between two, each about as many times the one before it.

    >>> from bench.plan.sweep import between
    >>> between(4, 8), between(10, 30), between(1, 2)
    ([5, 6], [13, 17, 23], [])
    """
    parts = (FINE if high <= 2 * low else FINER) + 1
    values = set()
    for part in range(1, parts):
        whole = round(low * (high / low) ** (part / parts))
        values.add(int(float(f"{whole:.{FIGURES}g}")))
    return sorted(value for value in values if low < value < high)


def is_sweep(plan: Plan) -> bool:
    """Return whether a plan varies a parameter, or two, and nothing else but its phases."""
    try:
        swept(plan)
    except UsageError:
        return False
    return True


def swept(plan: Plan) -> list[str]:
    """Return what a plan sweeps, in the words by which it was asked for.

    Raises:
        UsageError: it sweeps nothing, or varies something else.

    """
    check_compared(plan)
    # An engine that varies goes with its phases.
    found = [factor for factor in varying(plan) if factor not in (PHASE, ENGINE)]
    others = [factor for factor in found if factor not in (*OF_PARAMETERS, *TOGETHER)]
    if others or not found:
        what = tr("varies {factors}", factors=tr(" and ").join(others)) if others else tr("varies no parameter")
        raise UsageError(
            tr(
                "Run {run} is no sweep: it {what}. Measure one: pgladder sweep --of batch=1,10,100.",
                run=plan.run,
                what=what,
            )
        )
    return list(map(_short, found))


def _short(name: str) -> str:
    return next((short for short, names in SHORT.items() if names == (name,)), name)


def values_of(trial: Trial, names: Sequence[str]) -> tuple[Value, ...]:
    """Return the values of what is swept."""
    return tuple(getattr(trial.parameters, SHORT.get(name, (name,))[-1]) for name in names)


def rung_of(trial: Trial) -> Rung:
    """Return all of a trial but its place in the order and its parameters."""
    return trial.phase, trial.driver, trial.variant, trial.layout, trial.transport


def by_rung(trials: Iterable[Trial], names: Sequence[str]) -> dict[Rung, list[Trial]]:
    """Return of each rung a trial of each point, the smallest value first."""
    found: dict[Rung, dict[tuple[Value, ...], Trial]] = {}
    for trial in trials:
        found.setdefault(rung_of(trial), {}).setdefault(values_of(trial, names), trial)

    def by_size(values: Sequence[Value]) -> list[tuple[float, str]]:
        return [size_of(name, value) for name, value in zip(names, values, strict=True)]

    in_order = {}
    for rung, points in found.items():
        in_order[rung] = [points[values] for values in sorted(points, key=by_size)]
    return in_order


def told_apart(trial: Trial, plan: Plan) -> list[str]:
    """Return the parameters, with their values, by which a trial differs from others of its phase and driver."""
    others = set()
    for each in plan.trials:
        alike = (each.phase, each.driver) == (trial.phase, trial.driver)
        if alike and not each.experiment:
            others.add(each.parameters)
    found = distinguishing(asdict(trial.parameters), list(map(asdict, others)))
    pool = f"pool_min {trial.parameters.pool_min}", f"pool_max {trial.parameters.pool_max}"
    if set(pool) <= set(found) and trial.parameters.pool_min == trial.parameters.pool_max:
        found = [f"pool {trial.parameters.pool_max}", *(words for words in found if words not in pool)]
    return found
