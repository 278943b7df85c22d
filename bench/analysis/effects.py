"""What is in force under a plan's variants on a box: in which settings two of them differ, which are the same."""

from collections.abc import Mapping
from functools import lru_cache

from bench.analysis.comparison import Alike, Differing
from bench.engines.postgresql.parameters import Value, differences
from bench.engines.postgresql.render import effect_of
from bench.model.errors import DataError
from bench.model.fingerprint import Fingerprint
from bench.model.fingerprint_diff import huge_page_bytes
from bench.model.language import tr
from bench.model.plan import Plan, Variant

Effects = Mapping[str, Mapping[str, Value]]
"""What is in force under each variant."""


def effects_of(plan: Plan, host: Fingerprint | None) -> Effects:
    """Return what is in force under each variant of a plan on a box.

    That is nothing under one that was refused, and under one with a value that is none: ``effect_notes``.
    """
    set_aside = None
    if host:
        set_aside = huge_page_bytes(host.facts.get("memory", {}))
    found: dict[str, Mapping[str, Value]] = {}
    for variant in plan.variants:
        effect: Mapping[str, Value] = {}
        if variant.engine is None:  # another's sets nothing of PostgreSQL
            effect, _ = _effect(variant, set_aside)
        # Of several versions the first: what a variant sets is compared under one and the same.
        found.setdefault(variant.name, effect)
    return found


def effect_notes(plan: Plan) -> list[str]:
    """Say of which variants we don't know the effect: their plan is another pgladder's."""
    notes = []
    for variant in plan.variants:
        if variant.engine:
            continue
        _, why = _effect(variant, None)
        if why:
            notes.append(tr("{why}: in what it differs in effect is not known.", why=why.rstrip(".")))
    return notes


# Asked for every run that is read, and a thousand runs of one request have the same few variants.
@lru_cache
def _effect(variant: Variant, huge_page_bytes: int | None) -> tuple[Mapping[str, Value], str | None]:
    """Return what is in force under a variant, or nothing and why that is not known."""
    try:
        return effect_of(variant, huge_page_bytes=huge_page_bytes), None
    except DataError as error:
        return {}, str(error)


def alike_variants(plan: Plan, effects: Effects) -> tuple[Alike, ...]:
    """Return the variants without trials, and which of the others each comes to on this box."""
    tried = {trial.variant for trial in plan.trials}
    alike = []
    for name, effect in effects.items():
        if name in tried:
            continue
        same_as = None
        for other in effects:
            # Under nothing known, two are not the same: nothing is known of either.
            if same_as is None and other in tried and effects[other] == effect != {}:
                same_as = other
        alike.append(Alike(name=name, same_as=same_as))
    return tuple(alike)


def settings_differing(baseline: Mapping[str, Value], candidate: Mapping[str, Value]) -> tuple[Differing, ...]:
    """Return the settings of which the values in force are not the same; none where nothing is in force."""
    if not baseline or not candidate:
        return ()
    return tuple(
        Differing(name=each.name, baseline=each.a, candidate=each.b) for each in differences(baseline, candidate)
    )
