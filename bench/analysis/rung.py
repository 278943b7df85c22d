"""One rung of the ladder: a phase as one driver carried it out with one set of parameters, under one variant.

Every figure is of all its trials that count as one (``counted``). A void trial counts for nothing but is named. What
makes a number doubtful is carried along for the report to say first. ``ladder`` puts rungs in order.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from hdrh.histogram import HdrHistogram

from bench.analysis.bound import Bound, bound_by
from bench.analysis.counted import Key, good, latency, middle, open_loop, pooled, row_latency, settled_s
from bench.analysis.doubts import Doubt, doubts_of, numbers_of
from bench.analysis.limits import Limit, stopped_by
from bench.analysis.mixed import RungReads, RungRetention, rung_reads, rung_retention
from bench.model.fingerprint import Processors
from bench.model.language import tr
from bench.model.plan import Parameters
from bench.model.record import WEIGHTY_SHARE, Latency, OpenLoop, Reason, Record
from bench.stats.laws import in_flight

ROUNDING = 0.002
"""Of a latency in its histogram: three digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """One phase: its trials that are not void as one; None where there are none."""

    phase: str
    method: str
    """In a word or two, with the driver where several carried the phase out."""
    driver: str
    parameters: Parameters
    trials: int
    void: int
    suspect: int
    rows_per_s: float | None
    rows_per_s_min: float | None
    rows_per_s_max: float | None
    settled_rows_per_s: float | None
    commits_per_s: float | None
    latency_ms: Latency
    row_latency_ms: float | None
    open_loop: OpenLoop | None
    """What became of what came at a rate; None: it is of no open loop."""
    reads: RungReads | None
    """What readers read beside its writers; None: nobody read."""
    retention: RungRetention | None
    """What was deleted beside its writers; None: all rows were kept."""
    client_cores: float | None
    server_cores: float | None
    host_pct: float | None
    observed: dict[str, dict[str, float | None]]
    """By probe and figure, the median of the trials that know it."""
    step: float | None
    """Against the rung below; None where that has no number or wrote other payloads."""
    vs_phase_1: float | None
    doubts: tuple[Doubt, ...]
    stopped_by: Limit | None
    """What is suspected to be its limit; None where its trials show nothing of it."""
    bound_by: Bound
    """Its server or its clients, found by experiments beside it."""
    engine: str | None = None
    """The kind of database that it was measured on, where that is another than its plan's own."""
    layout: str | None = None
    durability: str | None = None
    """Where they are not those of its ladder, as rungs of another engine have their own."""


def rung_of(
    trials: Sequence[Record],
    histograms: Mapping[Key, HdrHistogram],
    cpus: Processors | None,
    experiments: Sequence[Record] = (),
) -> Rung:
    """Return a rung from all its trials on so many processors; how far it is above others is the ladder's to say.

    ``experiments`` are those of its run, whatever rung they are of.
    """
    counted, trial = good(trials), trials[0].trial
    rates = [record.rows_per_s for record in counted if record.rows_per_s is not None]
    rows_per_s = pooled(counted, attrgetter("rows_per_s"))
    commits_per_s = pooled(counted, attrgetter("commits_per_s"))
    took, came = latency(counted, histograms), open_loop(counted)
    doubts = doubts_of(trials)
    suspect = sum(record.validity.state == "suspect" for record in counted)
    if broken := _broken_law(counted, commits_per_s, took):
        # The law is of the pooled figures: no trial is known to be the one at fault, so none is above doubt.
        suspect = len(counted)
        doubts.append(broken)
    return Rung(
        phase=trial.phase,
        method=trial.method,
        driver=trial.driver,
        parameters=trial.parameters,
        trials=len(trials),
        void=len(trials) - len(counted),
        suspect=suspect,
        rows_per_s=rows_per_s,
        rows_per_s_min=min(rates, default=None),
        rows_per_s_max=max(rates, default=None),
        settled_rows_per_s=pooled(counted, attrgetter("settled_rows_per_s"), settled_s),
        commits_per_s=commits_per_s,
        latency_ms=took,
        row_latency_ms=row_latency(counted, histograms),
        open_loop=came,
        reads=rung_reads(counted),
        retention=rung_retention(counted),
        client_cores=pooled(counted, attrgetter("cpu.client_cores")),
        server_cores=pooled(counted, attrgetter("cpu.server_cores")),
        host_pct=pooled(counted, attrgetter("cpu.host_pct")),
        observed=_observed(counted),
        step=None,
        vs_phase_1=None,
        doubts=tuple(doubts),
        stopped_by=None if _keeps_up(came) else stopped_by(counted, cpus),
        bound_by=bound_by(trials, rows_per_s, experiments, cpus),
        engine=trial.engine,
    )


def _keeps_up(came: OpenLoop | None) -> bool:
    """Return whether nothing stops a rung: it takes all that comes."""
    return came is not None and (came.waiting or 0) <= WEIGHTY_SHARE * came.due


def _observed(trials: Iterable[Record]) -> dict[str, dict[str, float | None]]:
    """Return what the probes observed of these trials."""
    by_figure: dict[tuple[str, str], list[float | None]] = {}
    for trial in trials:
        for probe, figures in trial.observed.items():
            for name, value in figures.items():
                by_figure.setdefault((probe, name), []).append(value)
    observed: dict[str, dict[str, float | None]] = {}
    for (probe, name), values in by_figure.items():
        # A median: one trial in which the box did something else moves it little.
        observed.setdefault(probe, {})[name] = middle(values)
    return observed


def _broken_law(counted: Sequence[Record], commits_per_s: float | None, took: Latency) -> Doubt | None:
    """Doubt a rung whose rate × latency is more than it can have had under way: N = X·R (Little's law)."""
    if commits_per_s is None or took.mean is None or took.max is None:
        return None
    first = counted[0]
    parameters = first.trial.parameters
    if parameters.rate is not None:
        return None  # its latency begins before a worker is free
    under_way = in_flight(commits_per_s, took.mean / 1000)
    possible = parameters.workers
    # What was under way when a window opened counts with the whole of its time: so much more is allowed.
    begun_before = took.max / 1000 / first.seconds
    if under_way <= possible * (1 + begun_before) * (1 + ROUNDING):
        return None
    detail = tr(
        "rate × mean latency is {under_way:.2f} commits under way where {possible} are possible: the one or the other"
        " is wrong",
        under_way=under_way,
        possible=possible,
    )
    reason = Reason(code="in-flight", detail=detail)
    return Doubt(state="suspect", trials=numbers_of(counted), reason=reason, worst=first.trial.number)
