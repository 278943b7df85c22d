"""From a wish to a plan: which trials in which order, and what they will take. Pure: nothing is run or read here.

Randomised blocks: each block runs every combination once, in an order of ``stats.blocks``. Rendering templates is
``tuning.render``'s, phases are given by ``workload``.
"""

import difflib
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Protocol, get_args

from bench.model import (
    MAX_STATEMENT_PARAMETERS,
    Layout,
    Parameters,
    Plan,
    Transport,
    Trial,
    UntilDecided,
    Variant,
    WrongUseError,
)
from bench.stats.blocks import block_orders
from bench.stats.sequential import FIRST_LOOK, LAST_LOOK
from bench.tuning.render import as_variant, texts
from bench.units import in_base_units
from bench.wal import FILE_BYTES, KEEPING_WAL, files_wanted

MAX_PAYLOAD_BYTES = 1_000_000_000
"""A value has less than 1 GiB, the statement around it included (PostgreSQL 15, src/include/utils/memutils.h)."""
MAX_TRIALS = 10_000
"""Of one plan: more is a typing error, and would take a month."""
AGAIN = "-again"
"""Ends the name of a variant's copy where it is set against itself."""
TRIAL_OVERHEAD_S = 1.5
"""Fresh table, client start, CHECKPOINT, verification: measured on a two-core virtual machine."""
PRELOAD_ROWS_PER_S = 100_000
"""Of ``preload.sql``, measured on a two-core virtual machine: 92,000 to 118,000."""
VERIFY_S_PER_ROW = 1.5e-6
"""Counting different stamps: a sort."""
VERIFY_BYTES_PER_ROW = 24
"""The sort's temporary files."""
BYTES_PER_ROW = 146
"""Heap tuple and index entry of ``plain`` beside the payload: 210 bytes with 64 bytes of payload, as measured."""
WAL_BYTES_PER_ROW = 170
"""WAL of one row of ``plain`` beside the payload, without full-page images."""
WAL_PAGE_BYTES = 8192
"""A commit flushes whole pages of WAL."""
START_BYTES = 300_000_000
"""A new cluster, or the WAL that is written before a trial."""
DISK_BYTES_PER_S = 1_000_000_000
"""What a fast NVMe drive takes."""
WAL_KEPT_BYTES = 1 << 30
"""PostgreSQL 15's default max_wal_size."""
AGENT_CONNECTIONS = 5
AGENT_OPENS = 3
"""Of those, what it has open at once: a session, a second for a question, and one that is still ending."""
MOST_CONNECTIONS = 10_000
"""What a private server is set up for at most, as a provisioned one (postgresql_max_connections)."""
RESERVED_CONNECTIONS = 3
"""superuser_reserved_connections, PostgreSQL 15's default."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How long and how often to measure, in seconds and blocks."""

    warm_up_s: float
    window_s: float
    blocks: int


PROFILES = {
    "quick": Profile(warm_up_s=1, window_s=2, blocks=3),
    "standard": Profile(warm_up_s=5, window_s=20, blocks=6),
    "thorough": Profile(warm_up_s=10, window_s=120, blocks=10),
}


class Rung(Protocol):
    """What planning needs to know of a phase (``bench.workload.phase``)."""

    @property
    def method(self) -> str:
        """In a word or two."""
        ...

    @property
    def parameters(self) -> Parameters:
        """The phase's own."""
        ...

    @property
    def bound_values(self) -> bool:
        """Whether each value is a parameter of the statement."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a user asks for; None means a phase's own default."""

    phases: Sequence[str]
    variants: Sequence[str]
    layouts: Sequence[str]
    transports: Sequence[str]
    profile: Profile
    profile_name: str
    preload_rows: int = 0
    overrides: Mapping[str, int | str | None]
    until_decided: UntilDecided | None = None
    """End before the last block once every comparison is decided."""
    again: bool = False
    """Set the one variant against itself (A/A)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a plan will take, from rates that a fast box reaches."""

    seconds: float
    written_bytes: int
    disk_bytes_under: Mapping[str, int]
    """By variant that is not refused, the most there is at once: the largest trial's table, its index, the WAL kept."""

    @property
    def disk_bytes(self) -> int:
        """The most that is there at once, under any variant."""
        return max(self.disk_bytes_under.values(), default=0)

    @property
    def least_disk_bytes(self) -> int:
        """What the disk has to hold that there is an arm left."""
        return min(self.disk_bytes_under.values(), default=0)


def pick(kind: str, asked: Iterable[str], known: Iterable[str]) -> list[str]:
    """Return the asked names, in order, if all are known.

    Raises:
        WrongUseError: one is not (names the nearest), or is asked for twice: it may be meant as twice the trials.

    """
    known, chosen = list(known), list(asked)
    for name in chosen:
        if name not in known:
            raise WrongUseError(f"Unknown {kind} {name!r}; {_near(name, known)}")
        if chosen.count(name) > 1:
            more = "pgladder noise sets it against itself" if kind == "variant" else "--blocks gives more of its trials"
            raise WrongUseError(f"The {kind} {name} is asked for {chosen.count(name)} times; {more}.")
    if not chosen:
        raise WrongUseError(f"No {kind} asked for; there are: {', '.join(known)}.")
    return chosen


def _near(name: str, known: Iterable[str]) -> str:
    """Say which known names are near, capitals or not."""
    folded = {each.lower(): each for each in known}
    near = [folded[each] for each in difflib.get_close_matches(name.lower(), folded, n=3, cutoff=0.4)]
    return f"did you mean {' or '.join(near)}?" if near else f"there are: {', '.join(known)}."


def effective(phases: Mapping[str, Parameters], overrides: Mapping[str, int | str | None]) -> dict[str, Parameters]:
    """Return each phase's parameters with the user's changes, where they mean something to that phase.

    A pool, an event loop or several in flight are no part of a psycopg2 phase; a batch no part of a single insert.

    Raises:
        WrongUseError: a change means something to none of them.

    """
    asked = {name: value for name, value in overrides.items() if value is not None}
    for name in asked:
        if not any(_applies(name, parameters) for parameters in phases.values()):
            option = name.replace("_", "-")
            raise WrongUseError(f"--{option} means nothing to the phases asked for: {', '.join(phases)}.")
    return {
        phase: replace(parameters, **{name: value for name, value in asked.items() if _applies(name, parameters)})  # type: ignore[arg-type]
        for phase, parameters in phases.items()
    }


def _applies(name: str, parameters: Parameters) -> bool:
    match name:
        case "in_flight":
            return parameters.in_flight > 1
        case "batch":
            return parameters.batch > 1
        case "pool_min" | "pool_max" | "event_loop":
            return getattr(parameters, name) is not None
    return True


def check(phase: str, parameters: Parameters, *, bound_values: bool) -> None:
    """Refuse parameters that can't work.

    Raises:
        WrongUseError: says which and what would.

    """
    if bound_values and 2 * parameters.batch > MAX_STATEMENT_PARAMETERS:
        most = MAX_STATEMENT_PARAMETERS // 2
        raise WrongUseError(
            f"Phase {phase}: a batch of {parameters.batch} needs {2 * parameters.batch} parameters, and one statement"
            f" takes {MAX_STATEMENT_PARAMETERS}; ask for --batch {most} or less."
        )
    if parameters.payload_bytes > MAX_PAYLOAD_BYTES:
        raise WrongUseError(
            f"Phase {phase}: PostgreSQL takes no value of {parameters.payload_bytes:,} bytes; ask for --payload-bytes"
            f" {MAX_PAYLOAD_BYTES} or less."
        )
    if parameters.pool_min and parameters.pool_max and parameters.pool_min > parameters.pool_max:
        raise WrongUseError(
            f"Phase {phase}: a pool can't hold at least {parameters.pool_min} and at most {parameters.pool_max}."
        )


def make_plan(
    wish: Wish,
    phases: Mapping[str, Rung],
    harness: Variant,
    variants: Mapping[str, Variant],
    *,
    run: str,
    created: str,
    seed: int,
) -> Plan:
    """Lay out the trials; ``phases`` are those this pgladder knows.

    Raises:
        WrongUseError: something asked for is unknown or can't work.

    """
    chosen = effective({name: phases[name].parameters for name in pick("phase", wish.phases, phases)}, wish.overrides)
    for name, parameters in chosen.items():
        check(name, parameters, bound_values=phases[name].bound_values)
    named = pick("variant", wish.variants, variants)
    if wish.again:
        variants = _with_copy(named, variants)
        named = list(variants)
    layouts: list[Layout] = pick("layout", wish.layouts, get_args(Layout))  # type: ignore[assignment]
    transports: list[Transport] = pick("transport", wish.transports, get_args(Transport))  # type: ignore[assignment]
    combinations = list(product(chosen, named, layouts, transports))
    if (trials := wish.profile.blocks * len(combinations)) > MAX_TRIALS:
        raise WrongUseError(
            f"The plan would have {trials:,} trials, and one may have {MAX_TRIALS:,}; ask for fewer --blocks."
        )
    if wish.until_decided:
        check_rule(len(named), wish.profile.blocks)
    orders = block_orders(combinations, wish.profile.blocks, random.Random(seed))
    order = [(block, each) for block, ordered in enumerate(orders, 1) for each in ordered]
    return Plan(
        run=run,
        created=created,
        seed=seed,
        profile=wish.profile_name,
        warm_up_s=wish.profile.warm_up_s,
        window_s=wish.profile.window_s,
        preload_rows=wish.preload_rows,
        harness=harness,
        variants=tuple(variants[name] for name in named),
        trials=tuple(
            Trial(
                trial=number,
                block=block,
                phase=phase,
                method=phases[phase].method,
                variant=variant,
                layout=layout,
                transport=transport,
                parameters=chosen[phase],
            )
            for number, (block, (phase, variant, layout, transport)) in enumerate(order, 1)
        ),
        until_decided=wish.until_decided,
    )


def _with_copy(named: Sequence[str], variants: Mapping[str, Variant]) -> dict[str, Variant]:
    """Return the one variant asked for, and the same under another name: the only arms that may be alike."""
    if len(named) > 1:
        raise WrongUseError(f"Noise is measured with one variant, not with {len(named)}: {', '.join(named)}.")
    one = variants[named[0]]
    return {one.name: one, f"{one.name}{AGAIN}": replace(one, name=f"{one.name}{AGAIN}")}


def check_rule(variants: int, blocks: int) -> None:
    """Refuse a run until decided that could never be decided.

    Raises:
        WrongUseError: one variant, or a number of blocks that the rule does not look at.

    """
    if variants < 2:
        raise WrongUseError("A run until decided takes two variants or more: one is compared with nothing.")
    if not FIRST_LOOK <= blocks <= LAST_LOOK:
        raise WrongUseError(
            f"A run until decided takes {FIRST_LOOK} to {LAST_LOOK} blocks at most, not {blocks}: give --max-blocks."
        )


def check_plan(plan: Plan, phases: Mapping[str, Rung]) -> None:
    """Refuse a plan that this pgladder can't carry out.

    Raises:
        WrongUseError: it contradicts itself, or has an unknown phase, a batch too large, or a parameter that its phase
            does not have.

    """
    check_consistent(plan)
    for trial in plan.trials:
        pick("phase", [trial.phase], phases)
        if trial.method != phases[trial.phase].method:
            raise WrongUseError(f"Plan {plan.run}: phase {trial.phase} is not by {trial.method!r} in this pgladder.")
        check(trial.phase, trial.parameters, bound_values=phases[trial.phase].bound_values)
        _check_own(trial, phases[trial.phase].parameters)


def check_consistent(plan: Plan) -> None:
    """Refuse a plan that contradicts itself, whatever phases it has.

    Raises:
        WrongUseError: it has no trials, a variant or a trial number twice, a trial of a variant that it does not
            have, a text that is not the one its hash tells, or what ``_check_arms`` and ``_check_rule`` refuse.

    """
    names = Counter(variant.name for variant in plan.variants)
    for variant in (plan.harness, *plan.variants):
        if variant != as_variant(variant.name, variant.text, variant.refused):
            raise WrongUseError(f"Plan {plan.run}: the text of {variant.name} is not the one its sha256 tells.")
    for name, count in names.items():
        if count > 1:
            raise WrongUseError(f"Plan {plan.run} has the variant {name} twice.")
    if not plan.trials:
        raise WrongUseError(f"Plan {plan.run} has no trials.")
    for trial in plan.trials:
        if trial.variant not in names:
            raise WrongUseError(f"Plan {plan.run}: trial {trial.trial} is of {trial.variant}, no variant of the plan.")
    if len({trial.trial for trial in plan.trials}) < len(plan.trials):
        raise WrongUseError(f"Plan {plan.run} has two trials of one number.")
    _check_arms(plan)
    if plan.until_decided:
        _check_rule(plan)


def _check_arms(plan: Plan) -> None:
    """Refuse what no variant can be: refused and yet with a text, the same as another; at least one must be left.

    Only a plan of two variants may set one against itself; a variant without trials may be the same as any.
    """
    if plan.harness.refused is not None:
        raise WrongUseError(f"Plan {plan.run}: the harness is under every variant, and can't be refused.")
    for variant in plan.variants:
        if variant.refused is not None and (variant.text or not variant.refused.strip()):
            what = "has a text all the same" if variant.text else "has no reason for it"
            raise WrongUseError(f"Plan {plan.run}: {variant.name} is refused, and {what}.")
    tried = {trial.variant for trial in plan.trials}
    left = [variant for variant in plan.variants if variant.name in tried and variant.refused is None]
    if not left:
        raise WrongUseError(f"Plan {plan.run}: every variant that has trials is refused, so no arm is left.")
    for one, other in combinations(left, 2):
        if one.text == other.text and len(plan.variants) > 2:
            raise WrongUseError(f"Plan {plan.run}: {one.name} and {other.name} have one text; leave one of them out.")


def _check_rule(plan: Plan) -> None:
    """Refuse a plan until decided that has no two arms or no blocks to look at, or that tries one twice in a block."""
    check_rule(len({trial.variant for trial in plan.trials}), len({trial.block for trial in plan.trials}))
    every = Counter(replace(trial, trial=1) for trial in plan.trials)
    for trial, count in every.items():
        if count > 1:
            raise WrongUseError(
                f"Plan {plan.run}: block {trial.block} tries {trial.variant} {count} times in phase {trial.phase};"
                " a run until decided does so once."
            )


def _check_own(trial: Trial, own: Parameters) -> None:
    """Refuse a parameter that the phase does not have, and the want of one that it has."""
    for name in ("in_flight", "batch", "pool_min", "pool_max", "event_loop"):
        asked, usual = getattr(trial.parameters, name), getattr(own, name)
        if (asked is None) != (usual is None) or (asked != usual and not _applies(name, own)):
            raise WrongUseError(f"Trial {trial.trial}: phase {trial.phase} can't have {name} = {asked}.")


def connections_needed(parameters: Iterable[Parameters]) -> int:
    """Return how many connections the hungriest of these trials may open, the agent's own included."""
    return max(each.processes * (each.pool_max or 1) for each in parameters) + AGENT_CONNECTIONS


def connections_opened(parameters: Parameters) -> int:
    """Return how many connections a trial opens, the agent's own included.

    A pool opens its least at once, and more only while more commits are under way than it has.
    """
    return parameters.processes * opened_each(parameters) + AGENT_OPENS


def opened_each(parameters: Parameters) -> int:
    """Return how many connections each client process of a trial opens."""
    return max(parameters.pool_min or 1, min(parameters.pool_max or 1, parameters.in_flight))


def upper_rate(parameters: Parameters) -> float:
    """Return rows/s that this kind of phase does not exceed on a fast box; for estimates only."""
    if parameters.pool_max is None:
        return 5_000 * parameters.processes
    if parameters.batch == 1:
        return 3_000 * min(parameters.in_flight * parameters.processes, 10)
    bytes_allow = DISK_BYTES_PER_S / (BYTES_PER_ROW + parameters.payload_bytes)
    return min(400_000 * parameters.processes, 1_000_000, bytes_allow)


def estimate(plan: Plan, left: Sequence[Trial]) -> Estimate:
    """Return what the trials that are left of a plan will take."""
    span = plan.warm_up_s + plan.window_s
    rows = [plan.preload_rows + upper_rate(trial.parameters) * span for trial in left]
    commits = sum(count / trial.parameters.batch for count, trial in zip(rows, left, strict=True))
    preload_s = plan.preload_rows / PRELOAD_ROWS_PER_S
    payload = max((trial.parameters.payload_bytes for trial in left), default=0)
    written_per_row = BYTES_PER_ROW + WAL_BYTES_PER_ROW + 2 * payload
    kept_per_row = BYTES_PER_ROW + VERIFY_BYTES_PER_ROW + payload
    data_bytes, wal_bytes = int(max(rows, default=0) * kept_per_row), int(sum(rows) * (WAL_BYTES_PER_ROW + payload))
    arms = {trial.variant for trial in left}
    return Estimate(
        seconds=len(left) * (preload_s + span + TRIAL_OVERHEAD_S) + sum(rows) * VERIFY_S_PER_ROW,
        written_bytes=int(sum(rows) * written_per_row + commits * WAL_PAGE_BYTES) + START_BYTES * len(left),
        disk_bytes_under={
            variant.name: data_bytes + _wal_kept_bytes(variant, span, wal_bytes) + START_BYTES
            for variant in plan.variants
            if variant.name in arms and not variant.refused
        },
    )


def _wal_kept_bytes(variant: Variant, span_s: float, wal_bytes: int) -> int:
    """Return the most WAL that is there at once: written or made ready, up to what the variant keeps."""
    given = texts(variant)
    most = max((int(in_base_units(given[name], "MB")) << 20 for name in KEEPING_WAL if name in given), default=0)
    ready = files_wanted(span_s, None, most, None) * FILE_BYTES
    return max(WAL_KEPT_BYTES, ready, min(most, wal_bytes))
