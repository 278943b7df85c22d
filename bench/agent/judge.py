"""Is a trial's result to be trusted? Pure: facts in, reasons out; a reason's code decides whether it voids."""

from collections.abc import Sequence

from bench.model import Cpu, InFlight, Reason, Validity
from bench.probes.sensors import Reading, SwapPages
from bench.stats.steadiness import Steadiness

VOID = frozenset(
    {
        "agent-ended",
        "client-error",
        "clock-stepped",
        "commits-torn",
        "configuration-drifted",
        "interrupted",
        "no-commits",
        "not-verified",
        "refused",
        "refused-rows-found",
        "rows-altered",
        "rows-duplicated",
        "rows-foreign",
        "rows-lost",
        "rows-unaccounted",
        "server-restarted",
        "server-trouble",
        "table-altered",
        "transactions-mismatch",
    }
)
"""Codes after which a number would be no result at all; every other code makes it suspect."""

CLOCK_STEP_S = 0.1
"""The wall clock may drift from the monotonic one by NTP's slewing (500 ppm), not by more."""
IN_FLIGHT_TOLERANCE = 0.05
STEAL_PCT = 5.0
OTHERS_SHARE = 0.10
LATE_SHARE, LATE_S = 0.05, 0.05
FEW_COMMITS = 30
"""Below this a rate over the window is told by its ends."""


def validity(reasons: Sequence[Reason]) -> Validity:
    """Return the verdict that follows from the reasons."""
    if any(reason.code in VOID for reason in reasons):
        return Validity(state="void", reasons=tuple(reasons))
    return Validity(state="suspect" if reasons else "valid", reasons=tuple(reasons))


def check_clock(step_s: float, seconds: float) -> list[Reason]:
    """``step_s``: how far the wall clock moved against the monotonic one during so many seconds."""
    if abs(step_s) <= CLOCK_STEP_S + seconds * 500e-6:
        return []
    return [Reason(code="clock-stepped", detail=f"the wall clock was set by {step_s:+.1f} s during the trial")]


def check_in_flight(check: InFlight | None) -> list[Reason]:
    """Little's law against what the phase should have under way."""
    if check is None or abs(check.measured - check.expected) <= IN_FLIGHT_TOLERANCE * check.expected:
        return []
    share = check.measured / check.expected - 1
    told = f"{-share:.0%} of the workers' time lies outside what was timed" if share < 0 else f"{share:.0%} too much"
    detail = f"{check.measured:.2f} commits under way by Little's law where {check.expected:.2f} are expected: {told}"
    return [Reason(code="in-flight", detail=detail)]


def check_cpu(cpu: Cpu, cpus: int) -> list[Reason]:
    """Others on this host, or a hypervisor that gives the processor to others, make it slower than it is."""
    reasons = []
    if cpu.steal_pct is not None and cpu.steal_pct > STEAL_PCT:
        detail = f"the hypervisor gave {cpu.steal_pct:.0f} % of the CPU time to others"
        reasons.append(Reason(code="steal", detail=detail))
    if cpu.host_pct is not None and cpu.client_cores is not None and cpu.server_cores is not None:
        others = cpu.host_pct / 100 * cpus - cpu.client_cores - cpu.server_cores
        if others > OTHERS_SHARE * cpus:
            detail = f"other programs kept {others:.1f} of {cpus} cores busy"
            reasons.append(Reason(code="not-alone", detail=detail))
    return reasons


def check_late(what: str, late_s: float, window_s: float) -> list[Reason]:
    """What the agent does at the ends of a window must be done there: on a host too busy for that it is not."""
    if late_s <= max(LATE_SHARE * window_s, LATE_S):
        return []
    return [Reason(code="agent-late", detail=f"{what} {late_s:.1f} s too late: the agent did not get to run")]


def check_host(first: Reading, last: Reading) -> list[Reason]:
    """Heat and want of memory between two readings; what is unreadable says nothing."""
    reasons = []
    if isinstance(first.throttle_counts, dict) and isinstance(last.throttle_counts, dict):
        rose = sorted(name for name, count in last.throttle_counts.items() if count > first.throttle_counts[name])
        if rose:
            detail = f"the processor was slowed for heat or power: {', '.join(rose)}"
            reasons.append(Reason(code="throttled", detail=detail))
    if isinstance(first.swap, SwapPages) and isinstance(last.swap, SwapPages) and first.swap != last.swap:
        pages = last.swap.swapped_in - first.swap.swapped_in + last.swap.swapped_out - first.swap.swapped_out
        reasons.append(Reason(code="swapped", detail=f"{pages} pages were swapped in or out"))
    return reasons


def check_steady(steady: Steadiness | None) -> list[Reason]:
    """A window that was not flat is not told by one rate."""
    if steady is None or steady.label == "flat":
        return []
    range_, drift = f"range {steady.range_share:.0%}", f"drift {steady.drift_share:+.0%}"
    detail = f"the rate was not steady: {steady.label} ({range_}, {drift} after {steady.settled_after} s)"
    return [Reason(code="not-steady", detail=detail)]


def check_commits(commits: int, together: int) -> list[Reason]:
    """Something must have happened in the window, and often enough; ``together``: so many make one event."""
    if commits == 0:
        return [Reason(code="no-commits", detail="no commit was acknowledged in the window")]
    if commits / together < FEW_COMMITS:
        rounds = f" in rounds of {together}" if together > 1 else ""
        detail = f"only {commits} commits{rounds} in the window: a longer one tells more"
        return [Reason(code="few-commits", detail=detail)]
    return []


def check_settings(before: dict[str, str], now: dict[str, str]) -> list[Reason]:
    """The configuration at the end of a trial against the one proved when its variant came into force.

    An extension's settings come and go with its library, which a session loads as it needs it (plpgsql's).
    """
    loaded = {name for name in before.keys() ^ now.keys() if "." in name}
    changed = sorted(name for name in (before.keys() | now.keys()) - loaded if before.get(name) != now.get(name))
    if not changed:
        return []
    first = changed[0]
    detail = f"{', '.join(changed)} changed meanwhile ({first}: {before.get(first)} → {now.get(first)})"
    return [Reason(code="configuration-drifted", detail=detail)]
