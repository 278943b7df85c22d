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
        instead = f"leave the phase out, or ask for --drivers {phase.driver}"
        if phase.script is None:
            raise UsageError(f"Phase {name} can't be carried out by the driver pgbench: it has no script; {instead}.")
        if parameters.load == ACCUMULATE:
            raise UsageError(
                f"Phase {name} can't be carried out by the driver pgbench with rows that are collected: each of its"
                f" commits has one; leave --collect-ms out, or {instead}."
            )
        if parameters.load not in (CLOSED, OPEN):
            raise UsageError(
                f"Phase {name} can't be carried out by the driver pgbench with the load model {parameters.load}: its"
                f" clients never wait for each other; ask for --load {CLOSED}, or {instead}."
            )
        if parameters.arrivals not in (None, POISSON):
            raise UsageError(
                f"Phase {name} can't be carried out by the driver pgbench with --arrivals {parameters.arrivals}: what"
                f" it is to commit comes independently; ask for --arrivals {POISSON}, or {instead}."
            )
        if parameters.surge is not None:
            raise UsageError(
                f"Phase {name} can't be carried out by the driver pgbench with --surge: its rate stays what it is;"
                f" leave it out, or {instead}."
            )
        if parameters.payload_bytes > MOST_PAYLOAD_BYTES:
            raise UsageError(
                f"Phase {name}: the driver pgbench takes payloads of up to {MOST_PAYLOAD_BYTES:,} bytes; ask for a"
                f" smaller --payload-bytes, {instead}."
            )

    def check_here(self) -> None:
        """See ``ProgramDriver.check_here``."""
        program = pgbench_program()
        found = pgbench_version(program)
        if isinstance(found, Unreadable):
            raise HostError(
                f"The driver pgbench is PostgreSQL's program of that name, which is {found.unreadable} here:"
                f" {how_to_install('server')}, or ask for other --drivers."
            )
        if int(found.partition(".")[0]) < OLDEST:
            raise HostError(f"{program} is pgbench {found}, and the driver needs {OLDEST} or later: install that.")

    def climb(self, job: Job, phase: Phase, ready: WhenReady, finish: Callable[[Sequence[Result]], None]) -> None:
        """See ``ProgramDriver.climb``."""
        climb(job, phase, ready, finish)


DRIVER = Pgbench()
