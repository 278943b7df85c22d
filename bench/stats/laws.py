"""Consistency laws of any queueing system, whatever its distributions: they hold or a measurement is wrong.

Source: Denning & Buzen, The operational analysis of queueing network models, ACM Computing Surveys 10 (1978); Little,
A proof for the queuing formula L = λW, Operations Research 9 (1961). ``bench.agent`` and ``bench.analysis``
apply them.
"""

import math


def in_flight(per_second: float, seconds: float) -> float:
    """Give how many are under way at once, by Little's law: throughput × time each stays (N = X·(R + Z))."""
    return per_second * seconds


def utilisation(per_second: float, demand_s: float, servers: int = 1) -> float:
    """Give the busy share of a resource by the utilisation law (U = X·D ÷ servers); above 1 the figures contradict.

    Args:
        per_second: throughput.
        demand_s: seconds of the resource that one of them takes.
        servers: equal units of it, as cores of a CPU.

    """
    return per_second * demand_s / servers


def ceiling(demand_s: float, servers: int = 1) -> float:
    """Give the throughput a second at which the resource is always busy; infinite where nothing is demanded of it."""
    if not demand_s:
        return math.inf
    return servers / demand_s


def expected_gain(share: float) -> float:
    """Give the factor by which throughput should rise if what takes this share of the time took none (Amdahl).

    ``share`` is from 0 to below 1, other things unchanged; no bound, as constraints interact.
    """
    return 1 / (1 - share)
