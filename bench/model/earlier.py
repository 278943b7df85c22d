"""What earlier releases wrote, in today's form: decoded JSON in, decoded JSON out. ``bench.model.codec`` checks it.

Each form that was ever published stays readable; bench/schemas/HISTORY.md says what each is.
"""

from collections.abc import Callable
from typing import Any

OF_TRIAL = ("block", "phase", "method", "variant", "layout", "transport")
OF_PARAMETERS = ("processes", "in_flight", "pool_min", "pool_max", "batch", "payload_bytes", "event_loop")


def plan_1(old: dict[str, Any]) -> dict[str, Any]:
    """A trial's ``number`` was called ``trial``."""
    trials = old.get("trials")
    if isinstance(trials, list):
        old["trials"] = [_renamed(trial) for trial in trials]
    return old | {"schema": "pgladder/plan/2"}


def _renamed(trial: Any) -> Any:
    if not isinstance(trial, dict) or "trial" not in trial:
        return trial
    return {"number": trial.pop("trial")} | trial


def trial_1(old: dict[str, Any]) -> dict[str, Any]:
    """A record repeated its trial and the parameters, one beside the other."""
    trial = {name: old.pop(name) for name in OF_TRIAL if name in old}
    trial["parameters"] = {name: old.pop(name) for name in OF_PARAMETERS if name in old}
    if "trial" in old:
        trial["number"] = old["trial"]
    return old | {"schema": "pgladder/trial/2", "trial": trial}


EARLIER: dict[str, dict[str, Callable[[dict[str, Any]], dict[str, Any]]]] = {
    "pgladder/plan/2": {"pgladder/plan/1": plan_1},
    "pgladder/trial/2": {"pgladder/trial/1": trial_1},
}
"""By today's schema, those that came before it."""
