"""How many connections a plan takes of its server, known before it is made: its variants are rendered for so many."""

from collections.abc import Mapping

from bench.model.names import pick
from bench.model.plan import Parameters
from bench.plan.check import effective
from bench.plan.design import Wish
from bench.plan.estimate import RESERVED_CONNECTIONS, connections_needed
from bench.workload.phase import ladder


def parameters_of(wish: Wish) -> Mapping[str, Parameters]:
    """Return what each of the phases would run with, by name."""
    rungs = ladder()
    asked = {name: rungs[name].parameters for name in pick("phase", wish.phases, rungs)}
    return effective(asked, wish.overrides)


def connections_of(wish: Wish) -> int:
    """Return how many connections its server must allow, those kept for us included."""
    return connections_needed(parameters_of(wish).values()) + RESERVED_CONNECTIONS
