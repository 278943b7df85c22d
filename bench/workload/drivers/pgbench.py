"""pgbench: PostgreSQL's own client carries out the phases that have a script for it, as their drivers would.

It keeps a connection for each commit in flight, or connects for each, and serves all from one thread: ``processes``
says how many cores. Of texts it has constants alone: all rows of a trial hold one payload. At a rate what it is to
commit comes independently (``poisson``), row by row. The process of ours beside it is ``workload.pgbench_run``'s.
Source: PostgreSQL 17 manual, "pgbench".
"""

from collections.abc import Callable, Sequence

import psycopg2

from bench.model.endpoint import Endpoint
from bench.model.errors import HostError, UsageError
from bench.model.fingerprint import Unreadable
from bench.model.language import later, tr
from bench.model.plan import ACCUMULATE, CLOSED, OPEN, POISSON, Parameters
from bench.probes.pgbench import pgbench_program, pgbench_version
from bench.probes.system_packages import how_to_install
from bench.workload.driver import ProgramDriver, WhenReady
from bench.workload.messages import Job, Result
from bench.workload.pgbench_account import PgbenchError
from bench.workload.pgbench_run import climb
from bench.workload.phase import Phase

OLDEST = 14
"""Since then its log goes by the monotonic clock, to which it adds the time of day of its start."""
MOST_PAYLOAD_BYTES = 100_000
"""A payload is one of its arguments: Linux takes 128 KiB (MAX_ARG_STRLEN)."""
NO_SCRIPT = later("Phase {phase} can't be carried out by the driver pgbench: it has no script; {instead}.")
COLLECTED = later(
    "Phase {phase} can't be carried out by the driver pgbench with rows that are collected: each of its commits has"
    " one; leave --collect-ms out, or {instead}."
)
OTHER_LOAD = later(
    "Phase {phase} can't be carried out by the driver pgbench with the load model {load}: its clients never wait for"
    " each other; ask for --load closed, or {instead}."
)
OTHER_ARRIVALS = later(
    "Phase {phase} can't be carried out by the driver pgbench with --arrivals {arrivals}: what it is to commit comes"
    " independently; ask for --arrivals poisson, or {instead}."
)
SURGE = later(
    "Phase {phase} can't be carried out by the driver pgbench with --surge: its rate stays what it is; leave it out, or"
    " {instead}."
)
LARGE = later(
    "Phase {phase}: the driver pgbench takes payloads of up to {most:,} bytes; ask for a smaller --payload-bytes,"
    " {instead}."
)


class Pgbench(ProgramDriver):
    """Of the phases that have a script."""

    calls = frozenset[str]()
    errors = (OSError, psycopg2.Error, PgbenchError)

    def unkept(self, endpoint: Endpoint) -> list[str]:
        """See ``Driver.unkept``: everybody may read arguments, and libpq takes this one nowhere else."""
        return [name for name in ("sslpassword",) if name in endpoint.parameters]

    def refused(self, error: BaseException) -> bool:  # noqa: ARG002 - commits are none of Python's
        """See ``Driver.refused``."""
        return False

    def check(self, name: str, phase: Phase, parameters: Parameters) -> None:
        """See ``ProgramDriver.check``."""
        unable = self._unable(phase, parameters)
        if unable is not None:
            raise UsageError(
                tr(
                    unable,
                    phase=name,
                    load=parameters.load,
                    arrivals=parameters.arrivals,
                    most=MOST_PAYLOAD_BYTES,
                    instead=tr("leave the phase out, or ask for --drivers {driver}", driver=phase.driver),
                )
            )

    def _unable(self, phase: Phase, parameters: Parameters) -> str | None:
        """Return the message of what it can't do of a phase; None: nothing."""
        refused = {
            NO_SCRIPT: phase.script is None,
            COLLECTED: parameters.load == ACCUMULATE,
            OTHER_LOAD: parameters.load not in (CLOSED, OPEN),
            OTHER_ARRIVALS: parameters.arrivals not in (None, POISSON),
            SURGE: parameters.surge is not None,
            LARGE: parameters.payload_bytes > MOST_PAYLOAD_BYTES,
        }
        return next((message for message, applies in refused.items() if applies), None)

    def check_here(self) -> None:
        """See ``ProgramDriver.check_here``."""
        program = pgbench_program()
        found = pgbench_version(program)
        if isinstance(found, Unreadable):
            raise HostError(
                tr(
                    "The driver pgbench is PostgreSQL's program of that name, which is {why} here: {how}, or ask for"
                    " other --drivers.",
                    why=found.unreadable,
                    how=how_to_install("server"),
                )
            )
        if int(found.partition(".")[0]) < OLDEST:
            raise HostError(
                tr(
                    "{program} is pgbench {found}, and the driver needs {oldest} or later: install that.",
                    program=program,
                    found=found,
                    oldest=OLDEST,
                )
            )

    def climb(self, job: Job, phase: Phase, ready: WhenReady, finish: Callable[[Sequence[Result]], None]) -> None:
        """See ``ProgramDriver.climb``."""
        climb(job, phase, ready, finish)


DRIVER = Pgbench()
