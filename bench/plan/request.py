"""From the words of a command to a wish: the same words and defaults wherever a run is asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.engines.postgresql.majors import major
from bench.model.errors import UsageError
from bench.model.plan import POSTGRESQL, UntilDecided
from bench.plan.contrast import OF_PARAMETERS
from bench.plan.design import PROFILES, Design
from bench.stats.compare import ALPHA, MARGIN
from bench.workload.phase import ladder


def make_design(
    asked: Mapping[str, Any], *, variant: str = "stock", transports: Sequence[str] = (), phases: Sequence[str] = ()
) -> Design:
    """Fill in what was not asked for; ``asked`` maps words of the command to values of their kind, or None.

    Raises:
        UsageError: an unknown profile, or words that contradict each other.

    """
    name = asked.get("profile") or "quick"
    if name not in PROFILES:
        raise UsageError(f"Unknown profile {name!r}; there are: {', '.join(PROFILES)}.")
    given = PROFILES[name]
    rule = _rule(asked)
    changes = {
        "warm_up_s": asked.get("warm_up"),
        "window_s": asked.get("window"),
        "blocks": asked.get("max_blocks") or asked.get("blocks"),
    }
    profile = replace(given, **{of: value for of, value in changes.items() if value is not None})
    return Design(
        phases=words(asked.get("phases")) or list(phases or ladder()),
        variants=words(asked.get("variants")) or [variant],
        layouts=words(asked.get("layouts")) or ["plain"],
        transports=words(asked.get("transports")) or list(transports),
        drivers=words(asked.get("drivers")),
        engine=asked.get("engine") or POSTGRESQL,
        versions=versions(asked),
        profile=profile,
        profile_name=name if profile == given else "custom",
        preload_rows=asked.get("preload_rows") or 0,
        overrides={parameter: asked.get(parameter) for parameter in OF_PARAMETERS},
        until_decided=rule,
    )


def _rule(asked: Mapping[str, Any]) -> UntilDecided | None:
    if not asked.get("until_decided"):
        if asked.get("max_blocks") is not None:
            raise UsageError("--max-blocks goes with --until-decided; otherwise it is --blocks.")
        return None
    if asked.get("max_blocks") is None or asked.get("blocks") is not None:
        raise UsageError("--until-decided needs --max-blocks, the most it may take, and no --blocks.")
    return UntilDecided(margin=asked.get("margin") or MARGIN, alpha=ALPHA)


def versions(asked: Mapping[str, Any]) -> list[str]:
    """Return the majors of PostgreSQL that are asked for; none: whichever the server has.

    Raises:
        UsageError: one is none, or is asked for twice.

    """
    found = words(asked.get("versions"))
    one = asked.get("postgres")
    if one and found:
        raise UsageError("--postgres is the one major of a run, --versions are several: give one of the two.")
    if one:
        return [one]
    try:
        found = [major(text) for text in found]
    except ValueError as error:
        raise UsageError(f"--versions: {error}.") from error
    if len(set(found)) < len(found):
        raise UsageError(f"--versions {' '.join(found)} names a major twice.")
    return found


def words(given: Iterable[str] | None) -> list[str]:
    """Return the names in texts that separate them by blanks or commas."""
    found = []
    for text in given or ():
        found += text.replace(",", " ").split()
    return found
