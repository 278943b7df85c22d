"""What earlier releases wrote, in today's form: decoded JSON in, decoded JSON out. ``bench.model.codec`` checks it.

Each form that was ever published stays readable; bench/schemas/HISTORY.md says what each is.
"""

from collections.abc import Callable
from typing import Any

OF_TRIAL = ("block", "phase", "method", "variant", "layout", "transport")
"""Of ``pgladder/trial/1``."""
OF_PARAMETERS = ("processes", "in_flight", "pool_min", "pool_max", "batch", "payload_bytes", "event_loop")


def plan_1(old: dict[str, Any]) -> dict[str, Any]:
    """A trial's ``number`` was called ``trial``."""
    for trial in _listed(old, "trials"):
        if isinstance(trial, dict) and "trial" in trial:
            trial.setdefault("number", trial.pop("trial"))
    return plan_2(old | {"schema": "pgladder/plan/2"})


def trial_1(old: dict[str, Any]) -> dict[str, Any]:
    """A record repeated its trial and the parameters, one beside the other."""
    trial = _taken(old, OF_TRIAL)
    trial["parameters"] = _taken(old, OF_PARAMETERS)
    if "trial" in old:
        trial["number"] = old["trial"]
    return trial_2(old | {"schema": "pgladder/trial/2", "trial": trial})


def plan_2(old: dict[str, Any]) -> dict[str, Any]:
    """Neither driver nor load model was named at first."""
    for trial in _listed(old, "trials"):
        _name_driver(trial)
    return old


def trial_2(old: dict[str, Any]) -> dict[str, Any]:
    """As of ``plan_2``."""
    _name_driver(old.get("trial"))
    return old


def noise_1(old: dict[str, Any]) -> dict[str, Any]:
    """As of ``plan_2``."""
    for floor in _listed(old, "floors"):
        _name_driver(floor)
    return old


def _listed(old: dict[str, Any], name: str) -> list[Any]:
    """Return the list of that name; whatever else is there ``codec`` refuses."""
    found = old.get(name)
    if isinstance(found, list):
        return found
    return []


def _taken(old: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: old.pop(name) for name in names if name in old}


def _name_driver(trial: Any) -> None:
    """Name what a phase wrote with: psycopg2 was without an event loop, and 2-B alone wrote in rounds."""
    if not isinstance(trial, dict) or not isinstance(parameters := trial.get("parameters"), dict):
        return
    trial.setdefault("driver", "psycopg2" if parameters.get("event_loop") is None else "asyncpg")
    parameters.setdefault("load", "rounds" if trial.get("phase") == "2-B" else "closed")


EARLIER: dict[str, dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "pgladder/plan/2": {"pgladder/plan/1": plan_1, "pgladder/plan/2": plan_2},
    "pgladder/noise/1": {"pgladder/noise/1": noise_1},
    "pgladder/trial/2": {"pgladder/trial/1": trial_1, "pgladder/trial/2": trial_2},
}
"""By today's schema, those that came before it, and its own where it lacked what it has now."""
