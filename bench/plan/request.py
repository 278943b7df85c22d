"""From the words of a command to a wish: the same words and defaults wherever a run is asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bench.engines.postgresql.majors import major
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.plan import POSTGRESQL, Promise, Refining, UntilDecided
from bench.plan.contrast import OF_PARAMETERS
from bench.plan.design import PROFILES, Design, Profile
from bench.plan.sweep import RATE, automatic, finer_points, points_of
from bench.stats import knee
from bench.stats.compare import ALPHA, MARGIN
from bench.stats.histogram import SHARES
from bench.workload.phase import usual

ARRIVING = ("arrivals", "collect_ms")
"""Parameters of how rows come at a rate."""


def make_design(
    asked: Mapping[str, Any], *, variant: str = "stock", transports: Sequence[str] = (), phases: Sequence[str] = ()
) -> Design:
    """Fill in what was not asked for; ``asked`` maps words of the command to values of their kind, or None.

    Raises:
        UsageError: an unknown profile, or words that contradict each other.

    """
    name = asked.get("profile") or "quick"
    if name not in PROFILES:
        raise UsageError(
            tr("Unknown profile {name!r}; there are: {profiles}.", name=name, profiles=", ".join(PROFILES))
        )
    rule, promise = _rule(asked), promise_of(asked)
    profile = _changed(PROFILES[name], asked)
    refines = _refining(asked, profile.blocks)
    return Design(
        phases=words(asked.get("phases")) or list(phases or usual()),
        variants=words(asked.get("variants")) or [variant],
        layouts=words(asked.get("layouts")) or ["plain"],
        transports=words(asked.get("transports")) or list(transports),
        drivers=words(asked.get("drivers")),
        engine=asked.get("engine") or POSTGRESQL,
        versions=versions(asked),
        profile=profile,
        profile_name=name if profile == PROFILES[name] else "custom",
        preload_rows=asked.get("preload_rows") or 0,
        constraints=words(asked.get("constraints")),
        overrides=_overrides(asked, promise),
        points=points_of(asked["of"]) if asked.get("of") else ({},),
        finer=finer_points(refines.of) if refines else (),
        refines=refines,
        until_decided=rule,
        ceiling=bool(asked.get("ceiling")),
        force=bool(asked.get("force")),
        repeat_suspect=asked.get("repeat_suspect"),
        promise=promise,
        arriving={name: asked[name] for name in ARRIVING if asked.get(name) is not None} if promise else {},
    )


def _changed(profile: Profile, asked: Mapping[str, Any]) -> Profile:
    """Return a profile with what is asked for by itself."""
    changes = {
        "warm_up_s": asked.get("warm_up"),
        "window_s": asked.get("window"),
        "blocks": asked.get("max_blocks") or asked.get("blocks"),
    }
    return replace(profile, **{of: value for of, value in changes.items() if value is not None})


def _overrides(asked: Mapping[str, Any], promise: Promise | None) -> dict[str, Any]:
    """Return the parameters that are asked for; how rows come at the rates of a search is of these alone."""
    found = {name: asked.get(name) for name in OF_PARAMETERS} | _collected(asked)
    if promise:
        found |= dict.fromkeys(("rate", *ARRIVING))
    return found


def _collected(asked: Mapping[str, Any]) -> dict[str, int]:
    """Return the batch of rows that come one by one, where it is asked for by that name."""
    rows = asked.get("collect_rows")
    if not rows:
        return {}
    if asked.get("batch") is not None or asked.get("collect_ms") is None:
        raise UsageError(
            tr("--collect-rows is the batch of rows that come one by one: give --collect-ms, and no --batch.")
        )
    return {"batch": rows}


def _refining(asked: Mapping[str, Any], blocks: int) -> Refining | None:
    """Return how a sweep refines: one of a parameter whose values are chosen does; at one rate there is no knee."""
    name = automatic(asked["of"]) if asked.get("of") else None
    if name is None or (asked.get("rate") and name != RATE):
        return None
    return Refining(of=name, first_blocks=blocks, margin=asked.get("margin") or knee.MARGIN)


def promise_of(asked: Mapping[str, Any]) -> Promise | None:
    """Return the promise that is asked for, at the rate that is, if any.

    Raises:
        UsageError: there are two.

    """
    named = [name for name in SHARES if asked.get(name) is not None]
    if not named:
        return None
    if len(named) > 1:
        raise UsageError(
            tr("{named} are two promises: a search is for one.", named=tr(" and ").join(f"--{name}" for name in named))
        )
    [percentile] = named
    return Promise(percentile=percentile, ms=asked[percentile], rate=asked.get("rate"))  # type: ignore[arg-type]


def _rule(asked: Mapping[str, Any]) -> UntilDecided | None:
    if asked.get("until_decided") and asked.get("ceiling"):
        raise UsageError(tr("--ceiling takes every block that is planned: leave out --until-decided."))
    if not asked.get("until_decided"):
        if asked.get("max_blocks") is not None:
            raise UsageError(tr("--max-blocks goes with --until-decided; otherwise it is --blocks."))
        return None
    if asked.get("max_blocks") is None or asked.get("blocks") is not None:
        raise UsageError(tr("--until-decided needs --max-blocks, the most it may take, and no --blocks."))
    return UntilDecided(margin=asked.get("margin") or MARGIN, alpha=ALPHA)


def versions(asked: Mapping[str, Any]) -> list[str]:
    """Return the majors of PostgreSQL that are asked for; none: whichever the server has.

    Raises:
        UsageError: one is none, or is asked for twice.

    """
    found = words(asked.get("versions"))
    one = asked.get("postgres")
    if one and found:
        raise UsageError(tr("--postgres is the one major of a run, --versions are several: give one of the two."))
    if one:
        return [one]
    try:
        found = [major(text) for text in found]
    except ValueError as error:
        raise UsageError(tr("--versions: {error}.", error=error)) from error
    if len(set(found)) < len(found):
        raise UsageError(tr("--versions {found} names a major twice.", found=" ".join(found)))
    return found


def words(given: Iterable[str] | None) -> list[str]:
    """Return the names in texts that separate them by blanks or commas."""
    found = []
    for text in given or ():
        found += text.replace(",", " ").split()
    return found
