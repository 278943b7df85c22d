"""A plan in the words of a command that asks for it: the way back of ``request``, to measure the same for longer."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from bench.engines.postgresql.render import variant_names
from bench.model.errors import NothingDoneError
from bench.model.plan import KNOBS, POSTGRESQL, Plan, Trial
from bench.plan.contrast import distinct, place_of
from bench.plan.design import PROFILES, make_plan
from bench.plan.options import OPTIONS, read_options
from bench.plan.repeat import of_new_run
from bench.plan.request import make_design
from bench.stats.compare import MARGIN
from bench.workload.driver import as_driven
from bench.workload.phase import ladder

USUAL_LAYOUTS, USUAL_TRANSPORTS = ["plain"], ["tcp"]
OF_RULE = ("until_decided", "max_blocks", "margin")


def words_of(plan: Plan, blocks: int) -> dict[str, list[str]] | None:
    """Return the options that ask for so many blocks of a plan's trials, as they are typed; None: no words do.

    Of a user's own variant the plan has the text alone, and of a parameter that varies no option takes several values.
    """
    there = set(variant_names())
    trials = distinct(plan)
    if not there.issuperset(trial.variant for trial in trials):
        return None
    try:
        words = _how_long(plan, blocks) | _what(plan, trials)
        made = _made(plan, words)
    except (NothingDoneError, KeyError):
        # A phase or a layout of a user's whose file is gone: nothing asks for it any more.
        return None
    # Held against what they ask for: a command that is offered measures the same.
    if set(map(place_of, made.trials)) != set(map(place_of, trials)):
        return None
    return words | _repeating(plan, made)


def _repeating(plan: Plan, made: Plan) -> dict[str, list[str]]:
    """Return the option for how suspect trials are repeated, where that is not what these words make by themselves."""
    wanted = of_new_run(plan)
    if not plan.adjusted_for or bool(wanted) == bool(made.repeat_suspect):
        return {}
    return {"repeat_suspect": ["yes" if wanted else "no"]}


def _what(plan: Plan, trials: list[Trial]) -> dict[str, list[str]]:
    variants = dict.fromkeys(variant.name for variant in plan.variants)
    tried = {trial.variant for trial in trials}
    layouts = _values(trials, "layout")
    transports = _values(trials, "transport")
    words = {
        "phases": _values(trials, "phase"),
        "variants": [name for name in variants if name in tried],
        "drivers": _drivers(trials),
        "engine": [plan.engine] if plan.engine != POSTGRESQL else [],
        "versions": _values(trials, "version"),
        "layouts": layouts if layouts != USUAL_LAYOUTS else [],
        "transports": transports if transports != USUAL_TRANSPORTS else [],
        "preload_rows": [str(plan.preload_rows)] if plan.preload_rows else [],
    }
    return {name: values for name, values in (words | _knobs(trials)).items() if values}


def _values(trials: list[Trial], name: str) -> list[str]:
    return sorted({value for trial in trials if (value := getattr(trial, name))})


def _drivers(trials: list[Trial]) -> list[str]:
    if all(trial.driver == ladder()[trial.phase].driver for trial in trials):
        return []
    return _values(trials, "driver")


def _knobs(trials: list[Trial]) -> dict[str, list[str]]:
    """Return the parameters that are not what their phase and driver have by themselves."""
    changed = {}
    for trial in trials:
        usual = as_driven(trial.driver, ladder()[trial.phase].parameters)
        for name in KNOBS:
            value = getattr(trial.parameters, name)
            if value != getattr(usual, name):
                changed[name] = [str(value)]
    return changed


def _how_long(plan: Plan, blocks: int) -> dict[str, list[str]]:
    words: dict[str, list[str]] = {}
    profile = PROFILES.get(plan.profile)
    if profile is None or (profile.warm_up_s, profile.window_s) != (plan.warm_up_s, plan.window_s):
        words = {"warm_up": [f"{plan.warm_up_s:g}"], "window": [f"{plan.window_s:g}"]}
    elif plan.profile != "quick":
        words = {"profile": [plan.profile]}
    if plan.until_decided is None:
        return words | {"blocks": [str(blocks)]}
    words |= {"until_decided": ["1"], "max_blocks": [str(blocks)]}
    if not math.isclose(plan.until_decided.margin, MARGIN):
        words["margin"] = [f"{plan.until_decided.margin:g}"]
    return words


def _made(plan: Plan, words: Mapping[str, Sequence[str]]) -> Plan:
    """Return one block of the plan that these words ask for, with the variants of this one."""
    typed = {name: " ".join(values) for name, values in words.items() if name not in OF_RULE}
    given: dict[str, Any] = read_options({**typed, "blocks": "1"}, OPTIONS)
    variants = {variant.name: variant for variant in plan.variants}
    design = make_design(given, transports=USUAL_TRANSPORTS)
    return make_plan(design, ladder(), plan.harness, variants, run=plan.run, created=plan.created, seed=plan.seed)
