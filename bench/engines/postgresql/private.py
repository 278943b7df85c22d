"""A throwaway PostgreSQL of our own: made for a run, stopped and removed with it.

It runs as an ordinary user (PostgreSQL refuses root): as root it drops to ``postgres`` or ``nobody``, who owns all of
it, and with whose rights all of it is made and removed (``owner``). It dies with the agent, however that ends.
Configuration is a base of includes; harness and variant are files, which ``swap`` replaces.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from bench.engines.postgresql.binaries import build_of
from bench.engines.postgresql.managed import ManagedPostgreSQL, Reach
from bench.engines.postgresql.owner import Owner, ordinary_user
from bench.engines.postgresql.session import ServerError
from bench.engines.postgresql.staging import HARNESS_FILE, VARIANT_FILE, Staging
from bench.engines.postgresql.swap import Swapping
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.errors import HostError, UsageError
from bench.model.plan import Variant
from bench.probes.system_packages import how_to_install
from bench.store.files import make_directories

MARKER = "made-by-pgladder"
"""Lies in what is ours to remove; names the directories above it that were made for it, a line each."""
APPEND = 'cat >>"$1"'
LOGGED = 'exec "$@" >>"$0" 2>&1'
USER = "pgladder"
STOP_TIMEOUT_S = 60
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
"""Shutdowns: with a checkpoint, or as after a crash (postgres(1))."""
SOCKET_PATH_MAX = 107
"""Bytes of a Unix socket's path (unix(7)), the name of PostgreSQL's socket included."""


def free_port() -> int:
    """Return a TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # the kernel gives one that is free just now
        return int(probe.getsockname()[1])


class PrivateServer(ManagedPostgreSQL):
    """A cluster in ``home/server``."""

    def __init__(self, home: Path, bin_dir: Path, sessions: type[TrialSession] = TrialSession) -> None:
        base = self._base = home.absolute() / "server"
        self._owner = Owner(ordinary_user())
        reach = Reach(
            sockets=base / "run",
            port=free_port(),
            user=USER,
            password=secrets.token_urlsafe(24),
            database="postgres",
            certificate=base / "root.crt",
        )
        super().__init__(bin_dir, reach, base / "data", base / "server.log", sessions)
        self._process: subprocess.Popen[bytes] | None = None
        self._harness: Variant | None = None
        if len(f"{reach.sockets}/.s.PGSQL.{reach.port}".encode()) > SOCKET_PATH_MAX:
            raise UsageError(f"{home} is too long a path for a Unix socket; choose a shorter --data-dir.")
        self._made: list[Path] = []
        """Directories that are not the user's, the topmost first: they go with the run."""
        self._held = self._hold_directory()
        self._ahead: Future[None] | None = None

    @property
    def what(self) -> str:
        """See ``ManagedServer.what``."""
        return f"a private PostgreSQL {build_of(self._bin).major}"

    # --- making and removing -----------------------------------------------------------------------------------------

    def create(self, harness: Variant, *, tls: bool) -> None:
        """Make the cluster, replacing what an earlier run left; it is not started yet."""
        self._harness = harness
        if self._ahead:
            self._ahead.result()
            self._ahead = None
        else:
            self._make()
        self._owner.do("sh", "-c", APPEND, "sh", self._data / "postgresql.conf", text="include_dir 'pgladder'\n")
        self._owner.do("mkdir", self.configuration)
        self._owner.write(self.configuration / HARNESS_FILE, harness.text)
        self.write_variant("")
        if tls:
            self._make_certificate()
        staging = Staging(self._base / "staged", self._data, self.configuration, self._bin, self._owner)
        self._swapping = Swapping(self, staging, harness)

    def make_ahead(self) -> None:
        """Begin with what ``create`` does whatever the harness is, in a thread; ``create`` waits for it."""
        thread = ThreadPoolExecutor(1)
        self._ahead = thread.submit(self._make)
        thread.shutdown(wait=False)

    def _make(self) -> None:
        self._empty()
        self._owner.do("mkdir", self._reach.sockets)
        self._initdb()

    def _hold_directory(self) -> int:
        """Make the directory, or take what an earlier run left, and hold it against a run in another network namespace.

        The box's lock does not reach that far. Held is the directory itself, which only its owner and root may open.
        """
        try:
            self._made = make_directories(self._base.parent, 0o755 if os.geteuid() == 0 else 0o700)
            self._base.mkdir(mode=0o700)
            there = False
        except FileExistsError:
            there = True
        except OSError as error:
            raise HostError(f"{self._base} can't be made ({error.strerror}); choose another --data-dir.") from error
        held = self._held_or_refused()
        try:
            # Held first and looked at then: between the two nobody else can take it.
            if there:
                self._check_ours(held)
            else:
                os.fchown(held, self._owner.user.pw_uid, self._owner.user.pw_gid)
                self._mark()
        except BaseException:
            os.close(held)
            raise
        return held

    def _held_or_refused(self) -> int:
        try:
            held = os.open(self._base, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError as error:
            raise self._not_ours() from error
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(held), self._base.lstat()):
                raise FileNotFoundError  # of a run that ended just now, and removed it
        except (BlockingIOError, FileNotFoundError) as error:
            os.close(held)
            raise HostError(f"Another run uses {self._base}; wait for it or name another --data-dir.") from error
        return held

    def _check_ours(self, held: int) -> None:
        """See that an earlier run of ours made the directory, and take over what it made above."""
        if os.fstat(held).st_uid != self._owner.user.pw_uid:
            raise self._not_ours()
        marker = self._owner.run(["cat", self._base / MARKER])
        if marker.returncode:
            raise self._not_ours()
        made = marker.stdout.splitlines()
        self._made = [each for each in reversed(self._base.parents) if str(each) in made]

    def _not_ours(self) -> UsageError:
        user = self._owner.user.pw_name
        return UsageError(
            f"{self._base} was not made by this pgladder for the user {user}: if a run of an earlier"
            " release left it there, remove it; else choose another --data-dir."
        )

    def _mark(self) -> None:
        """Say in the directory that it is ours; the first thing its owner does there.

        Raises:
            HostError: he can't get there.

        """
        try:
            self._owner.write(self._base / MARKER, "".join(f"{each}\n" for each in self._made))
        except OSError as error:
            self._remove_directories()
            raise HostError(
                f"The user {self._owner.user.pw_name}, who runs the server, can't make it in {self._base}: {error};"
                " let that user enter every directory above it, or choose another --data-dir."
            ) from error

    def _initdb(self) -> None:
        password_file = self._base / "password"
        self._owner.put(password_file, self._reach.password)
        # Not synced: after a power cut nothing of it is used again. C.UTF-8 is the same on every system. Checksums
        # are on whatever the major: 18 has them by itself, those before it do not.
        options = "--no-sync --data-checksums --encoding=UTF8 --locale=C.UTF-8 --auth=scram-sha-256 --no-instructions"
        where = [f"--username={USER}", f"--pwfile={password_file}", f"--pgdata={self._data}"]
        done = self._owner.run([self._bin / "initdb", *options.split(), *where])
        self._owner.do("rm", password_file)
        if done.returncode:
            raise ServerError(f"initdb failed in {self._data}: {_last_line(done.stderr)}")

    def _make_certificate(self) -> None:
        if not shutil.which("openssl"):
            raise HostError(f"The transport tls needs openssl to make a certificate: {how_to_install('openssl')}.")
        options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost"
        files: list[str | Path] = ["-keyout", self._data / "server.key", "-out", self._data / "server.crt"]
        done = self._owner.run(["openssl", *options.split(), *files])
        if done.returncode:
            raise ServerError(f"openssl could not make a certificate: {_last_line(done.stderr)}")
        self._owner.do("cp", self._data / "server.crt", self._reach.certificate)

    @property
    def configuration(self) -> Path:
        """See ``Cluster.configuration``."""
        return self._data / "pgladder"

    def write_variant(self, text: str) -> None:
        """See ``Cluster.write_variant``."""
        self._owner.write(self.configuration / VARIANT_FILE, text)

    def _empty(self) -> None:
        """Remove all that is in the directory but the mark that it is ours."""
        self._owner.do("find", self._base, "-mindepth", "1", "!", "-path", self._base / MARKER, "-delete")

    def _remove_directories(self) -> None:
        """Remove what was made for the run; a directory of the user's stays, and so does one with files of others."""
        with contextlib.suppress(OSError):
            for each in (self._base, *reversed(self._made)):
                each.rmdir()

    def close(self) -> None:
        """Stop the server, which has nothing to save any more, and remove the cluster."""
        if self._ahead:
            wait([self._ahead])
        self.stop(IMMEDIATE)
        try:
            self._empty()
            self._owner.do("rm", "-f", self._base / MARKER)
        except OSError as error:
            raise ServerError(f"The private server in {self._base} can't be removed: {error}; remove it.") from error
        finally:
            self._remove_directories()
            os.close(self._held)

    # --- running -----------------------------------------------------------------------------------------------------

    def alive(self) -> bool:
        """See ``Cluster.alive``."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """See ``Cluster.start``."""
        own = ["-c", f"port={self._reach.port}", "-c", f"unix_socket_directories={self._reach.sockets}"]
        server: list[str | Path] = ["sh", "-c", LOGGED, self._log, self._bin / "postgres", "-D", self._data, *own]
        with contextlib.suppress(FileNotFoundError):
            self._log_before = self._log.lstat().st_size
        # In a process group of its own: Ctrl-C in a terminal reaches the agent alone, which ends it in order.
        self._process = subprocess.Popen(
            self._owner.command(*server, die_with_us=True),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
            cwd="/",
        )
        self._wait_ready()

    def _new_log(self) -> str:
        return self._owner.run(["tail", "-c", f"+{self._log_before + 1}", self._log]).stdout

    def stop(self, how: signal.Signals = FAST) -> None:
        """See ``Cluster.stop``."""
        if self._process is None:
            return
        # One after the other, each with its time: what does not end itself is ended.
        for each in (how, IMMEDIATE, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(each)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(STOP_TIMEOUT_S)
        self._process = None

    def recover(self) -> None:
        """Restart after a crash; where even that fails, begin again with an empty cluster."""
        assert self._harness is not None
        variant = self.swapping.in_force
        try:
            super().recover()
        except ServerError:
            if variant is None:
                raise
            self.stop()
            self.create(self._harness, tls=self._reach.certificate.exists())
            self.apply(variant)

    def postmaster(self) -> int | None:
        """See ``Server.postmaster``; setpriv became PostgreSQL, so its process is ours."""
        return self._process.pid if self._process else None


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]
