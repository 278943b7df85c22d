"""What is in force under a plan's variants on a box, and in which settings two of them differ."""

from collections.abc import Mapping

from bench.analysis.comparison import Differing
from bench.model import Fingerprint, Plan
from bench.tuning.parameters import Value, differences
from bench.tuning.render import effect_of

Effects = Mapping[str, Mapping[str, Value]]
"""What is in force under each variant."""


def effects_of(plan: Plan, host: Fingerprint | None) -> Effects:
    """Return what is in force under each variant of a plan on a box."""
    huge_pages = (host.facts.get("memory", {}).get("nr_hugepages") if host else None) != 0
    return {variant.name: effect_of(variant, huge_pages=huge_pages) for variant in plan.variants}


def settings_differing(baseline: Mapping[str, Value], candidate: Mapping[str, Value]) -> tuple[Differing, ...]:
    """Return the settings of which the values in force are not the same."""
    found = differences(baseline, candidate)
    return tuple(Differing(name=each.name, baseline=each.a, candidate=each.b) for each in found)
