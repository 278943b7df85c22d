"""What is in force under a plan's variants on a box, and in which settings two of them differ."""

from collections.abc import Mapping
from functools import lru_cache

from bench.analysis.comparison import Differing
from bench.engines.postgresql.parameters import Value, differences
from bench.engines.postgresql.render import effect_of
from bench.model.errors import DataError
from bench.model.fingerprint import Fingerprint
from bench.model.fingerprint_diff import huge_page_bytes
from bench.model.plan import Plan, Variant

Effects = Mapping[str, Mapping[str, Value]]
"""What is in force under each variant."""


def effects_of(plan: Plan, host: Fingerprint | None) -> Effects:
    """Return what is in force under each variant of a plan on a box.

    That is nothing under one that was refused, and under one with a value that is none: ``effect_notes``.
    """
    set_aside = huge_page_bytes(host.facts.get("memory", {})) if host else None
    return {variant.name: _effect(variant, set_aside) for variant in plan.variants}


@lru_cache
def _effect(variant: Variant, huge_page_bytes: int | None) -> Mapping[str, Value]:
    try:
        return effect_of(variant, huge_page_bytes=huge_page_bytes)
    except DataError:
        return {}


def effect_notes(plan: Plan) -> list[str]:
    """Say of which variants we don't know the effect: their plan is another pgladder's."""
    notes = []
    for variant in plan.variants:
        try:
            effect_of(variant, huge_page_bytes=None)
        except DataError as error:
            notes.append(f"{str(error).rstrip('.')}: in what it differs in effect is not told.")
    return notes


def settings_differing(baseline: Mapping[str, Value], candidate: Mapping[str, Value]) -> tuple[Differing, ...]:
    """Return the settings of which the values in force are not the same; none where nothing is in force."""
    found = differences(baseline, candidate) if baseline and candidate else ()
    return tuple(Differing(name=each.name, baseline=each.a, candidate=each.b) for each in found)
