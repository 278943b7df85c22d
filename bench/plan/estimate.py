"""What a plan will take of time, disk and connections: estimated before anything runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.engines.postgresql.render import texts
from bench.engines.postgresql.units import in_base_units
from bench.engines.postgresql.wal import FILE_BYTES, KEEPING_WAL, files_wanted
from bench.model.outcome import AnyRecord
from bench.model.plan import IN_BULK, NULL, Parameters, Plan, Trial, Variant, asked_for
from bench.plan.repeat import still_possible

ENGINE_OVERHEAD_S: Mapping[str | None, float] = {"clickhouse": 1.4}
"""Its server is begun, and its parts are counted: so much longer trials of an engine take in kept runs of them."""
STANDBY_OVERHEAD_S = 0.3
"""A standby that has caught up: trials with one take so much longer in the kept run of them."""
TRIAL_OVERHEAD_S = 1.0
"""Beside warm-up and window, but for what grows with the rows: as kept runs show (tests/unit/plan/test_estimate.py)."""
PRELOAD_ROWS_PER_S = 100_000
"""Of ``preload.sql``, measured on a two-core virtual machine: 92,000 to 118,000."""
S_PER_ROW = 1.5e-6
"""Closing checkpoint, a sort of all stamps, and what is made ready for the next: of the same runs."""
ROWS_PER_S_OF_LITTLE = 150_000
"""That commits of less than ``IN_BULK`` rows reach; larger ones reach what may be reached at most."""
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
"""PostgreSQL's default max_wal_size."""
AGENT_CONNECTIONS = 5
AGENT_OPENS = 4
"""Of those, what it has open at once: a session, the probes', another for a question, and one that is still ending."""
MOST_CONNECTIONS = 10_000
"""What a private server is set up for at most, as a provisioned one (postgresql_max_connections)."""
RESERVED_CONNECTIONS = 3
"""superuser_reserved_connections, PostgreSQL's default."""


MUCH_S, MUCH_BYTES = 3600, 1_000_000_000_000
"""A run that takes longer, or writes more, is asked about before it begins. The whole ladder by ``standard``
writes a third of that on a fast box, and a small consumer drive is made for a hundred times as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a plan will take, from rates that a fast box reaches, and if every trial that may be repeated is."""

    seconds: float
    written_bytes: int
    disk_bytes_under: Mapping[str, int]
    """By variant that is not refused, the most there is at once: the largest trial's table, its index, the WAL kept."""
    again: int = 0
    """Of the trials, so many may be measured again; that is in all these figures."""

    @property
    def is_much(self) -> bool:
        """Whether somebody has to agree to it before it begins."""
        return self.seconds > MUCH_S or self.written_bytes > MUCH_BYTES

    @property
    def disk_bytes(self) -> int:
        """The most that is there at once, under any variant."""
        return max(self.disk_bytes_under.values(), default=0)

    @property
    def least_disk_bytes(self) -> int:
        """What the disk has to hold that there is an arm left."""
        return min(self.disk_bytes_under.values(), default=0)


def connections_needed(parameters: Iterable[Parameters]) -> int:
    """Return how many connections the hungriest of these trials may open, the agent's own included."""
    of_clients = [each.processes * (each.pool_max or each.in_flight) + each.connections_beside for each in parameters]
    return max(of_clients) + AGENT_CONNECTIONS


def connections_opened(parameters: Parameters) -> int:
    """Return how many connections a trial opens, the agent's own included.

    A pool opens its least at once, and more only while more commits are under way than it has; without one, each has
    its own.
    """
    return parameters.processes * opened_each(parameters) + parameters.connections_beside + AGENT_OPENS


def opened_each(parameters: Parameters) -> int:
    """Return how many connections each client process of a trial opens."""
    return max(parameters.pool_min or 1, min(parameters.pool_max or parameters.in_flight, parameters.in_flight))


def upper_rate(driver: str, parameters: Parameters) -> float:
    """Return rows/s that this kind of phase does not exceed on a fast box; for estimates only."""
    if parameters.most_rate is not None:
        return min(parameters.most_rate, upper_rate(driver, replace(parameters, rate=None)))
    if driver == "pgbench":
        return 20_000 * min(parameters.workers, 5)
    if parameters.pool_max is None:
        return 5_000 * parameters.processes
    if parameters.batch == 1:
        return 3_000 * min(parameters.workers, 10)
    bytes_allow = DISK_BYTES_PER_S / (BYTES_PER_ROW + parameters.payload_bytes)
    return min(400_000 * parameters.processes, 1_000_000, bytes_allow)


def usual_rate(driver: str, parameters: Parameters) -> float:
    """Return rows/s that this kind of phase usually reaches; for estimates of time only."""
    most = upper_rate(driver, parameters)
    if parameters.batch >= IN_BULK:
        return most
    return min(most, ROWS_PER_S_OF_LITTLE * parameters.processes)


def estimate(plan: Plan, left: Sequence[Trial], records: Sequence[AnyRecord] = ()) -> Estimate:
    """Return what the trials that are left of a plan will take, and as many of them again as may yet be repeated."""
    span = plan.warm_up_s + plan.window_s
    rows = most_rows = usual_rows = commits = trials = 0.0
    payload = 0
    stored = [trial for trial in left if trial.engine != NULL]
    asked = asked_for(left)
    again = still_possible(plan, records) if asked else 0
    # Which will be repeated nobody knows: as long as a trial that was asked for takes on average.
    times = 1 + again / max(len(asked), 1)
    for trial in stored:
        of_trial = plan.preload_rows + upper_rate(trial.driver, trial.parameters) * span
        often = 1 if trial.experiment else times
        trials += often
        rows += often * of_trial
        usual_rows += often * (plan.preload_rows + usual_rate(trial.driver, trial.parameters) * span)
        most_rows = max(most_rows, of_trial)
        commits += often * of_trial / trial.parameters.batch
        payload = max(payload, trial.parameters.payload_bytes)
    preload_s = plan.preload_rows / PRELOAD_ROWS_PER_S
    written_per_row = BYTES_PER_ROW + WAL_BYTES_PER_ROW + 2 * payload
    standbys = sum(trial.parameters.replicated for trial in stored)
    of_trials_s = (len(left) + again) * (span + TRIAL_OVERHEAD_S) + standbys * STANDBY_OVERHEAD_S
    of_trials_s += sum(ENGINE_OVERHEAD_S.get(trial.engine, 0.0) for trial in stored)
    data_bytes = int(most_rows * (BYTES_PER_ROW + VERIFY_BYTES_PER_ROW + payload))
    wal_bytes = int(rows * (WAL_BYTES_PER_ROW + payload))
    return Estimate(
        seconds=of_trials_s + trials * preload_s + usual_rows * S_PER_ROW,
        written_bytes=int(rows * written_per_row + commits * WAL_PAGE_BYTES + START_BYTES * trials),
        again=again,
        disk_bytes_under=_disk_bytes_under(plan, stored, data_bytes, wal_bytes),
    )


def _disk_bytes_under(plan: Plan, stored: Sequence[Trial], data_bytes: int, wal_bytes: int) -> dict[str, int]:
    """Return, by variant, the most that its servers keep at once of so much data and WAL."""
    arms = {trial.variant for trial in stored}
    servers = max(len(plan.versions), 1)  # each keeps its cluster and its WAL while another is measured
    if any(trial.parameters.replicated for trial in stored):  # it has what its primary has, on the same disk
        servers, data_bytes = servers + 1, 2 * data_bytes
    found = {}
    for variant in plan.variants:
        if variant.name in arms and not variant.refused and variant.engine is None:
            kept = _wal_kept_bytes(variant, plan.warm_up_s + plan.window_s, wal_bytes)
            found[variant.name] = data_bytes + servers * (kept + START_BYTES)
    return found


def _wal_kept_bytes(variant: Variant, span_s: float, wal_bytes: int) -> int:
    """Return the most WAL that is there at once: written or made ready, up to what the variant keeps."""
    given = texts(variant)
    most = max((int(in_base_units(given[name], "MB")) << 20 for name in KEEPING_WAL if name in given), default=0)
    ready = files_wanted(span_s, None, most, None) * FILE_BYTES
    return max(WAL_KEPT_BYTES, ready, min(most, wal_bytes))
