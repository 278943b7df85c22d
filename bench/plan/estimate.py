"""What a plan will take of time, disk and connections: estimated before anything runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bench.engines.postgresql.render import texts
from bench.engines.postgresql.units import in_base_units
from bench.engines.postgresql.wal import FILE_BYTES, KEEPING_WAL, files_wanted
from bench.model.plan import Parameters, Plan, Trial, Variant

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
"""PostgreSQL's default max_wal_size."""
AGENT_CONNECTIONS = 5
AGENT_OPENS = 3
"""Of those, what it has open at once: a session, a second for a question, and one that is still ending."""
MOST_CONNECTIONS = 10_000
"""What a private server is set up for at most, as a provisioned one (postgresql_max_connections)."""
RESERVED_CONNECTIONS = 3
"""superuser_reserved_connections, PostgreSQL's default."""


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
    rows = most_rows = commits = 0.0
    payload = 0
    for trial in left:
        of_trial = plan.preload_rows + upper_rate(trial.parameters) * span
        rows += of_trial
        most_rows = max(most_rows, of_trial)
        commits += of_trial / trial.parameters.batch
        payload = max(payload, trial.parameters.payload_bytes)
    trial_s = plan.preload_rows / PRELOAD_ROWS_PER_S + span + TRIAL_OVERHEAD_S
    written_per_row = BYTES_PER_ROW + WAL_BYTES_PER_ROW + 2 * payload
    data_bytes = int(most_rows * (BYTES_PER_ROW + VERIFY_BYTES_PER_ROW + payload))
    wal_bytes = int(rows * (WAL_BYTES_PER_ROW + payload))
    arms = {trial.variant for trial in left}
    servers = max(len(plan.versions), 1)  # each keeps its cluster and its WAL while another is measured
    return Estimate(
        seconds=len(left) * trial_s + rows * VERIFY_S_PER_ROW,
        written_bytes=int(rows * written_per_row + commits * WAL_PAGE_BYTES) + START_BYTES * len(left),
        disk_bytes_under={
            variant.name: data_bytes + servers * (_wal_kept_bytes(variant, span, wal_bytes) + START_BYTES)
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
