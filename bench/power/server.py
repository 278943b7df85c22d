"""A private server whose power can be cut: made once for a variant, put on a disk that forgets for each cut.

The cluster it is made in stays as it is; each cut has a copy of it, which is the disk.
"""

import asyncio
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL
from time import monotonic, monotonic_ns, sleep

import psutil
import psycopg2

from bench.engines.postgresql.private import IMMEDIATE, PrivateServer
from bench.engines.postgresql.session import ServerError
from bench.model.cuts import Forgotten, How, Unflushed
from bench.model.plain import one_line
from bench.power.cuttable import Cuttable, unmount
from bench.power.left import end, left_on

END_TIMEOUT_S = 60
"""For processes that were killed, the longest flush under way included."""
SHARED_MEMORY_LINE = 6
"""Of postmaster.pid, counted from 0: key and number of the segment that a killed server leaves behind (PostgreSQL 15,
src/include/utils/pidfile.h)."""

AMCHECK = "pg_amcheck"
JUDGES = (AMCHECK, "pg_checksums")
"""Programs of PostgreSQL's that say what is damaged."""
CHECK_TIMEOUT_S = 600
FORGETS: tuple[How, ...] = ("power", "torn")
"""What is cut on the file system that forgets."""
STARTING = re.compile(
    "starting up|not yet accepting|not accepting|in recovery|closed the connection|No such file|Connection refused"
)
"""Of what a client is told that comes before it lets anybody in."""
GRAVE = re.compile(r"\b(FATAL|PANIC): +(.*)")
MOST_SAID = 200
"""Characters of a complaint."""
HALF_BLOCKS = """
find "$1/base" "$1/global" -type f -name '[0-9]*' -printf '%s %p\\n' | while read -r size file; do
  half=$((size % 8192))
  [ $half = 0 ] || truncate --size=-$half "$file" || exit 1
done
"""
"""Takes from relations' files what is no whole block of PostgreSQL's 8 KiB at their end."""


class PoweredServer(PrivateServer):
    """A private server whose files lie where they are put."""

    start_timeout_s = 300
    # What a killed server leaves of it goes with its disk, and not into the machine's memory.
    options = ("-c", "dynamic_shared_memory_type=mmap")

    unflushed: Unflushed | None = None
    heard_ns: int | None = None
    by_hand = False

    def __init__(self, home: Path, bin_dir: Path, password: str | None = None) -> None:
        super().__init__(home, bin_dir, password=password)
        self._template, self.disk, self._mount = self._data, self._base / "disk", self._base / "live"
        self._power = Cuttable(self._owner, self.disk, self._mount)

    @property
    def programs(self) -> Path:
        """Where PostgreSQL's programs are."""
        return self._bin

    def begin(self, how: How) -> None:
        """Start on a copy of what was made: on a disk that forgets; else on the copy itself.

        Where the machine will be cut, all that was made up to now is on its disk when this returns.

        Raises:
            PgladderError: the file system does not mount, or the server does not start.

        """
        self._owner.do("cp", "-a", self._template, self.disk)
        self._data = self.disk
        if how in FORGETS:
            self._power.begin()
            self._data = self._mount
        if how == "machine":
            self._owner.do("sync", "--file-system", self.disk)
        self.start()

    def holds_pages(self, count: int, file: str) -> bool:
        """Return whether the disk that forgets holds so many pages of a file, named as PostgreSQL does."""
        return self._power.held_blocks(f"/{file}") >= 2 * count

    async def lose_power(self) -> int:
        """See ``Powered.lose_power``."""
        return await asyncio.to_thread(self.kill)

    def kill(self) -> int:
        """Kill every process of the server; return from when on none did more, in ns of the monotonic clock."""
        assert self._process is not None
        postmaster = psutil.Process(self._process.pid)
        postmaster.suspend()  # it starts no process any more, and tells none to end in order
        killed = [*postmaster.children(recursive=True), postmaster]
        for process in killed:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(SIGKILL)
        moment = monotonic_ns()
        self._process.wait(END_TIMEOUT_S)
        self._process = None
        _wait_for(killed)
        # Not before: a checkpoint that is to be cut would come to its end meanwhile.
        if segment := self._shared_memory():
            self._owner.do("ipcrm", "--shmem-id", segment)
        return moment

    def forget(self, how: How, seed: int) -> Forgotten | None:
        """Cut the power of the disk, where it has any; from here on the server is what is left on it."""
        self._data = self.disk
        if how not in FORGETS:
            return None
        return self._power.cut(seed, torn=how == "torn")

    def _shared_memory(self) -> str | None:
        """Return the number of the segment that PostgreSQL marks its data directory by; None: it made none."""
        lines = self._owner.do("cat", self._data / "postmaster.pid").splitlines()
        fields = lines[SHARED_MEMORY_LINE].split() if len(lines) > SHARED_MEMORY_LINE else []
        return fields[1] if len(fields) == 2 else None

    def restart(self) -> float:
        """Start on what is left, as after the machine has booted; return how many seconds that took.

        Raises:
            ServerError: it does not start; says what PostgreSQL complains of.

        """
        # Its process is gone. Its number may be another's by now, as after a boot.
        self._owner.do("rm", "-f", self.disk / "postmaster.pid")
        began = monotonic()
        self.start()
        return monotonic() - began

    def _wait_ready(self) -> None:
        """Wait until it lets somebody in; a database that is damaged may run and never do so."""
        deadline = monotonic() + self.start_timeout_s
        while monotonic() < deadline:
            try:
                self.connect().close()
            except psycopg2.Error as error:
                if not self.alive():
                    raise ServerError(f"PostgreSQL did not start: {self._complaint()}") from error
                if not STARTING.search(str(error)):
                    raise ServerError(f"PostgreSQL runs and lets nobody in: {_complaint_in(str(error))}") from error
                sleep(0.02)
            else:
                return
        raise ServerError(f"PostgreSQL did not answer within {self.start_timeout_s} s: {self._complaint()}")

    def _complaint(self) -> str:
        return _complaint_in(self._new_log())

    def end(self) -> None:
        """Stop it without a checkpoint, which one that does not start may wait for."""
        self.stop(IMMEDIATE)

    def remade(self) -> None:
        """Have it where it was made, not running, for the next cut."""
        self.end()
        self._power.close()
        self._owner.do("rm", "-rf", self.disk)
        self._data = self._template

    def damage(self) -> Iterator[str]:
        """See ``Powered.damage``."""
        endpoint = self.endpoint("tcp")
        where = [f"--host={endpoint.host}", f"--port={endpoint.port}", f"--username={endpoint.user}"]
        done = subprocess.run(
            [self._bin / AMCHECK, *where, "--heapallindexed", endpoint.database],
            env={**os.environ, "PGPASSWORD": endpoint.password or ""},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=CHECK_TIMEOUT_S,
        )
        if done.returncode:
            yield f"{AMCHECK}: {one_line(done.stdout.strip() or done.stderr.strip())[:300]}"
        if not self.alive():
            yield "the server ended while it was looked at"
            self.end()
            return
        self.stop()
        if found := self.checksums():
            yield f"pg_checksums: {found[:300]}"

    def checksums(self) -> str | None:
        """Check every page of the disk, of a server that was stopped in order; return what is wrong, None: nothing."""
        # PostgreSQL counts whole blocks (15 to 18, md.c, _mdnblocks): of one that was being added to a file when the
        # power went a half may be there, which nobody reads. pg_checksums ends at it, and checks nothing after it.
        self._owner.do("sh", "-c", HALF_BLOCKS, "sh", self.disk)
        done = self._owner.run([self._bin / "pg_checksums", "--check", "--pgdata", self.disk])
        if done.returncode == 0:
            return None
        return " ".join(done.stderr.split()) or f"pg_checksums ended with code {done.returncode}"

    def end_left(self) -> None:
        """End what a run that was killed left running here; ``close`` removes the rest.

        Raises:
            ServerError: something does not end.

        """
        end(left_on(self._base, {self._owner.user.pw_uid, os.geteuid()}))

    def _empty(self) -> None:
        unmount(self._mount)  # what a run that was killed may have left
        super()._empty()

    def close(self) -> None:
        """See ``PrivateServer.close``."""
        self.end()
        self._power.close()
        super().close()


def _complaint_in(log: str) -> str:
    """Return why it gave up: the last that is grave, and not what it told those who came too early."""
    grave = [text for _, text in GRAVE.findall(log) if not STARTING.search(text)]
    return one_line(grave[-1] if grave else log.strip()[-MOST_SAID:])[:MOST_SAID] or "it said nothing"


def _wait_for(killed: Sequence[psutil.Process]) -> None:
    deadline = monotonic() + END_TIMEOUT_S
    while any(map(_runs, killed)):
        if monotonic() > deadline:
            raise ServerError("processes of the private server did not end when they were killed")
        sleep(0.002)


def _runs(process: psutil.Process) -> bool:
    """Return whether a process runs: one that ended may stay in the list until somebody asks for its end."""
    with suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False
