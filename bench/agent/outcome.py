"""What is known of a trial while it goes on; ``bench.agent.record`` makes its record of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.agent.observers import Observed
from bench.engines.engine import Counters, Grade
from bench.model.fingerprint import Unreadable
from bench.model.readings import Moment
from bench.model.record import Cpu, Reads, Reason, Retention, Start, Verified
from bench.validity.judge import Quotas
from bench.workload.beside import RetentionResult
from bench.workload.messages import Result

UNKNOWN = Verified(attempted=None, acknowledged=None, found=None, in_doubt=None)


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What is known of a trial so far; what never came to be known stays None."""

    started: str
    reasons: list[Reason] = field(default_factory=list)
    grade: Grade = field(default_factory=Grade)
    fsync_per_s: list[float] = field(default_factory=list)
    start: Start | None = None
    results: Sequence[Result] = ()
    complete: bool = False
    """The window was open from its start to its end."""
    deleted: RetentionResult | None = None
    """What was deleted over the whole trial; None: all rows were to be kept."""
    reads: Reads | None = None
    retention: Retention | None = None
    cpu: Cpu = field(default_factory=lambda: Cpu(host_pct=None, steal_pct=None, client_cores=None, server_cores=None))
    cpu_unknown: str = "it was read too late"
    server_cpu: Mapping[str, float | Unreadable] = field(default_factory=dict)
    """Cores of the server by kind of process."""
    busiest: list[str] = field(default_factory=list)
    """The programs of others that took most CPU time."""
    quotas: tuple[Quotas, Quotas] = ({}, {})
    """When the window opened, and when it closed."""
    closes_s: float = 0.0
    """When the window closed, on the monotonic clock."""
    counters: Counters = field(default_factory=lambda: Counters(expressions={}, missing={}))
    readings: list[dict[str, Any]] = field(default_factory=list)
    """Once a second, as the samples keep them."""
    moments: list[Moment] = field(default_factory=list)
    """The same readings, of host and server."""
    beside: list[dict[str, Any]] = field(default_factory=list)
    """What probes read before and after the trial."""
    observed: Observed = field(default_factory=Observed)
    wal_files_created: int | None = None
    checkpoint_s: float | Unreadable | None = None
    transactions: int | None = None
    verified: Verified = UNKNOWN
    server_started: str | None = None
    """When the server that the trial began on had started."""

    @property
    def of_clients(self) -> list[str]:
        """What ``synchronous_commit`` was in the clients' sessions."""
        found: list[str] = []
        for result in self.results:
            found += result.synchronous_commit
        return found

    def doubt(self, code: str, detail: object) -> None:
        """Add a reason."""
        self.reasons.append(Reason(code=code, detail=" ".join(str(detail).split())))
