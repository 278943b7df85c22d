"""How many connections a plan takes of its server, known before it is made: its variants are rendered for so many."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from bench.constraints.constraint import Place
from bench.engines.postgresql.render import as_variant
from bench.model.names import pick
from bench.model.plan import Parameters, Trial
from bench.plan.ceiling import with_twice_the_clients
from bench.plan.check import effective
from bench.plan.design import Design
from bench.plan.estimate import RESERVED_CONNECTIONS, connections_needed
from bench.plan.experiments import experiments
from bench.workload.driver import ProgramDriver, drivers
from bench.workload.phase import ladder


def parameters_of(design: Design) -> Mapping[str, Parameters]:
    """Return what each of the phases would run with, by name: of several points and drivers, the most connections."""
    found: dict[str, Parameters] = {}
    for changes in design.points:
        for name, each in _at_point(design, changes).items():
            known = found.setdefault(name, each)
            if connections_needed([each]) > connections_needed([known]):
                found[name] = each
    return found


def _at_point(design: Design, changes: Mapping[str, int | float | str | None]) -> dict[str, Parameters]:
    rungs = ladder()
    asked = {name: rungs[name].parameters for name in pick("phase", design.phases, rungs)}
    found = effective(asked, {**design.overrides, **changes})
    named = pick("driver", design.drivers, drivers()) if design.drivers else []
    if any(isinstance(drivers()[driver], ProgramDriver) for driver in named):
        for name, each in found.items():
            # A program has no pool: each commit in flight has its own connection.
            if each.in_flight > (each.pool_max or 1):
                found[name] = replace(each, pool_max=each.in_flight)
    return found


def connections_of(design: Design) -> int:
    """Return how many connections its server must allow, those kept for us included."""
    parameters = parameters_of(design)
    needed = connections_needed(parameters.values())
    if design.ceiling:
        needed = max(needed, connections_needed(map(with_twice_the_clients, parameters.values())))
    if design.explains:
        needed = max(needed, connections_needed(_of_experiments(parameters)))
    return needed + RESERVED_CONNECTIONS


def _of_experiments(phases: Mapping[str, Parameters]) -> Iterator[Parameters]:
    """Yield what each phase would run with, with and without its constraints, whatever its variant."""
    rungs, variant = ladder(), as_variant("stock", "")
    for name, parameters in phases.items():
        base = Trial(
            number=1,
            block=1,
            phase=name,
            method=rungs[name].method,
            driver=rungs[name].driver,
            variant=variant.name,
            layout="plain",
            transport="tcp",
            parameters=parameters,
        )
        yield parameters
        for experiment in experiments(base, variant, Place(managed=True)):
            yield experiment.trial.parameters
