"""How many connections a plan takes of its server, known before it is made: its variants are rendered for so many."""

from collections.abc import Mapping

from bench.model.names import pick
from bench.model.plan import Parameters
from bench.plan.check import effective
from bench.plan.design import Design
from bench.plan.estimate import RESERVED_CONNECTIONS, connections_needed
from bench.workload.phase import ladder


def parameters_of(design: Design) -> Mapping[str, Parameters]:
    """Return what each of the phases would run with, by name."""
    rungs = ladder()
    asked = {name: rungs[name].parameters for name in pick("phase", design.phases, rungs)}
    return effective(asked, design.overrides)


def connections_of(design: Design) -> int:
    """Return how many connections its server must allow, those kept for us included."""
    return connections_needed(parameters_of(design).values()) + RESERVED_CONNECTIONS
