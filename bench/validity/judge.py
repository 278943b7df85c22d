"""Is a trial's result to be trusted? Pure: facts in, reasons out; a reason's code decides whether it voids."""

from collections.abc import Iterable, Mapping, Sequence

from bench.model.fingerprint import Unreadable
from bench.model.readings import NO_THROTTLE, Reading, SwapPages, Throttling
from bench.model.record import Cpu, InFlight, Reason, Validity, clients_here
from bench.model.values import State
from bench.stats.steadiness import Steadiness

Counts = Mapping[str, int]
Quotas = dict[str, dict[str, Throttling] | Unreadable]
"""What CPU quotas did so far: by whom they bind, then by control group."""

VOID = frozenset(
    {
        "agent-ended",
        "client-error",
        "clock-stepped",
        "commits-torn",
        "configuration-drifted",
        "interrupted",
        "level-not-kept",
        "no-commits",
        "no-reads",
        "not-verified",
        "nothing-deleted",
        "refused",
        "refused-rows-found",
        "rows-altered",
        "rows-duplicated",
        "rows-foreign",
        "rows-lost",
        "rows-unaccounted",
        "server-restarted",
        "server-trouble",
        "standby-gone",
        "table-altered",
        "transactions-mismatch",
    }
)
"""Codes after which a number would be no result at all; every other reason that is not slight makes it suspect."""

CLOCK_STEP_S = 0.1
"""The wall clock may drift from the monotonic one by NTP's slewing (500 ppm), not by more."""
IN_FLIGHT_TOLERANCE = 0.05
STEAL_PCT, SOME_STEAL_PCT = 5.0, 1.0
OTHERS_SHARE = 0.10
FULL_PCT = 90.0
"""Of a host that was busier hardly anything was left: whoever took what is not ours, somebody waited for it."""
LATE_SHARE, LATE_S = 0.05, 0.05
FEW_COMMITS = 30
"""Below this a rate over the window is told by its ends."""


def validity(reasons: Sequence[Reason]) -> Validity:
    """Return the verdict that follows from the reasons, and them: what voids, then by size, what is slight last."""

    def rank(reason: Reason) -> tuple[bool, bool, float]:
        return reason.code not in VOID, reason.slight, -(reason.share or 0)

    return Validity(state=state_of(reasons), reasons=tuple(sorted(reasons, key=rank)))


def state_of(reasons: Iterable[Reason]) -> State:
    """Return what the reasons make of a trial."""
    state: State = "valid"
    for reason in reasons:
        if reason.code in VOID:
            return "void"
        if not reason.slight:
            state = "suspect"
    return state


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
    finding = f"{share:.0%} too much"
    if share < 0:
        finding = f"{-share:.0%} of the workers' time lies outside what was timed"
    detail = (
        f"{check.measured:.2f} commits under way by Little's law where {check.expected:.2f} are expected: {finding}"
    )
    return [Reason(code="in-flight", detail=detail, share=abs(share))]


def check_steal(steal_pct: float | None, why: str) -> list[Reason]:
    """A hypervisor that gives the processor to others; ``why`` it is not known where it is not."""
    if steal_pct is None:
        return [Reason(code="steal-unknown", detail=f"not known whether a hypervisor took CPU time: {why}")]
    if steal_pct < SOME_STEAL_PCT:
        return []
    code = "some-steal"
    if steal_pct > STEAL_PCT:
        code = "steal"
    detail = f"the hypervisor gave {steal_pct:.2g} % of the CPU time to others"
    return [Reason(code=code, detail=detail, share=steal_pct / 100)]


def check_others(cpu: Cpu, cpus: int, why: str, busiest: Sequence[str]) -> list[Reason]:
    """Others on this host make it slower than it is.

    Args:
        cpu: what the host, the clients, the server and its standby took.
        cpus: processors of the host.
        why: why the host's or the server's CPU time is not known, where it is not.
        busiest: the programs that took most, in words.

    """
    here = clients_here(cpu)
    if cpu.host_pct is None or here is None:
        return [Reason(code="others-unknown", detail=f"not known whether other programs ran: {why}")]
    others = cpu.host_pct / 100 * cpus - here - (cpu.server_cores or 0) - (cpu.standby_cores or 0)
    share = others / cpus
    if share <= OTHERS_SHARE:
        return []
    names = ""
    if busiest:
        names = f", most of it {', '.join(busiest)}"
    # What the server took without counting it can't be distinguished from what others took.
    if cpu.server_cores is None:
        detail = f"not known how much of {others:.1f} of {cpus} cores the server took and how much others{names}: {why}"
        if cpu.host_pct < FULL_PCT:
            return [Reason(code="others-unknown", detail=detail, share=share)]
        return [Reason(code="host-full", detail=f"the host was {cpu.host_pct:.0f} % busy; {detail}", share=share)]
    return [
        Reason(code="not-alone", detail=f"other programs kept {others:.1f} of {cpus} cores busy{names}", share=share)
    ]


def check_quotas(first: Quotas, last: Quotas) -> list[Reason]:
    """CPU quotas of control groups that held up the clients or the server between two readings."""
    reasons: list[Reason] = []
    held: list[str] = []
    shares: list[float] = []
    for whose, now in last.items():
        then = first[whose]
        if isinstance(then, Unreadable) or isinstance(now, Unreadable):
            detail = f"not known whether a CPU quota held up {whose}: {_why(then, now)}"
            reasons.append(Reason(code="cpu-quota-unknown", detail=detail))
            continue
        for cores, throttled, periods in held_up(then, now):
            held.append(f"{whose} in {throttled} of {periods} periods ({cores:.3g} cores)")
            shares.append(throttled / periods)
    if held:
        detail = f"a CPU quota held up {' and '.join(held)}"
        reasons.append(Reason(code="cpu-quota", detail=detail, share=max(shares)))
    return reasons


def held_up(then: Mapping[str, Throttling], now: Mapping[str, Throttling]) -> Iterable[tuple[float, int, int]]:
    """Yield of each quota that held somebody up its cores, in how many periods, and of how many."""
    # A group that came or went in between has no count to subtract.
    for group in sorted(then.keys() & now.keys()):
        throttled, periods = now[group].throttled - then[group].throttled, now[group].periods - then[group].periods
        if throttled > 0:
            yield now[group].cores, throttled, periods


def _why(*facts: object) -> str:
    """Return why the first of these that could not be read was not."""
    return next(fact.unreadable for fact in facts if isinstance(fact, Unreadable))


def check_late(what: str, late_s: float, window_s: float) -> list[Reason]:
    """What the agent does at the ends of a window must be done there: on a host too busy for that it is not."""
    if late_s <= max(LATE_SHARE * window_s, LATE_S):
        return []
    return [Reason(code="agent-late", detail=f"{what} {late_s:.1f} s too late: the agent did not get to run")]


def check_host(first: Reading, last: Reading) -> list[Reason]:
    """Heat and want of memory between two readings, or that it is unknown."""
    return [*_check_heat(first.throttle_counts, last.throttle_counts), *_check_swap(first.swap, last.swap)]


def _check_heat(first: Counts | Unreadable, last: Counts | Unreadable) -> list[Reason]:
    if isinstance(first, Unreadable) or isinstance(last, Unreadable):
        why = _why(first, last)
        # A kernel that counts none at all, as on a virtual machine, is a fact of the host: its report says so once.
        if why == NO_THROTTLE:
            return []
        detail = f"not known whether the processor was slowed for heat or power: {why}"
        return [Reason(code="throttled-unknown", detail=detail)]
    rose = sorted(name for name, count in last.items() if count > first.get(name, count))
    if not rose:
        return []
    return [Reason(code="throttled", detail=f"the processor was slowed for heat or power: {', '.join(rose)}")]


def _check_swap(first: SwapPages | Unreadable, last: SwapPages | Unreadable) -> list[Reason]:
    if isinstance(first, Unreadable) or isinstance(last, Unreadable):
        detail = f"not known whether memory was swapped: {_why(first, last)}"
        return [Reason(code="swapped-unknown", detail=detail)]
    pages = last.swapped_in - first.swapped_in + last.swapped_out - first.swapped_out
    if not pages:
        return []
    return [Reason(code="swapped", detail=f"{pages} pages were swapped in or out")]


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
        rounds = ""
        if together > 1:
            rounds = f" in rounds of {together}"
        detail = f"only {commits} commits{rounds} in the window: a longer one tells more"
        return [Reason(code="few-commits", detail=detail)]
    return []


def check_settings(before: dict[str, str], now: dict[str, str]) -> list[Reason]:
    """The configuration at the end of a trial against the one proved when its variant came into force."""
    # An extension's settings come and go with its library, which a session loads as it needs it (plpgsql's).
    loaded = {name for name in before.keys() ^ now.keys() if "." in name}
    changed = sorted(name for name in (before.keys() | now.keys()) - loaded if before.get(name) != now.get(name))
    if not changed:
        return []
    first = changed[0]
    detail = f"{', '.join(changed)} changed meanwhile ({first}: {before.get(first)} → {now.get(first)})"
    return [Reason(code="configuration-drifted", detail=detail)]
