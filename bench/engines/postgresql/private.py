"""A throwaway PostgreSQL of our own: made for a run, stopped and removed with it.

It runs as an ordinary user (PostgreSQL refuses root): as root it drops to ``postgres`` or ``nobody``, who owns all of
it, and with whose rights all of it is made and removed (``owner``). It dies with the agent, however that ends.
Configuration is a base of includes; harness and variant are files, which ``swap`` replaces.
"""

import contextlib
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

from bench.engines.engine import Standby
from bench.engines.held import HeldDirectory
from bench.engines.postgresql.binaries import build_of
from bench.engines.postgresql.following import FILE
from bench.engines.postgresql.managed import ManagedPostgreSQL, Reach
from bench.engines.postgresql.owner import Owner, ordinary_user
from bench.engines.postgresql.session import ServerError
from bench.engines.postgresql.staging import HARNESS_FILE, VARIANT_FILE, Staging
from bench.engines.postgresql.standby import Primary, PrivateStandby
from bench.engines.postgresql.swap import Swapping
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.errors import HostError, UsageError
from bench.model.language import tr
from bench.model.plan import NO_REPLICA, Variant
from bench.model.signals import held_back
from bench.model.values import Replica
from bench.probes.system_packages import how_to_install

APPEND = 'cat >>"$1"'
LOGGED = 'exec "$@" >>"$0" 2>&1'
INCLUDES = f"include_if_exists '{FILE}'\ninclude_dir 'pgladder'\n"
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

    options: Sequence[str] = ()
    """Of ``postgres``, beyond its address."""

    def __init__(
        self,
        home: Path,
        bin_dir: Path,
        sessions: type[TrialSession] = TrialSession,
        *,
        user: str = USER,
        password: str | None = None,
    ) -> None:
        """Take a directory for it, whose user has this password; None: one of its own."""
        base = self._base = home.absolute() / "server"
        self._owner = Owner(ordinary_user())
        reach = Reach(
            sockets=base / "run",
            port=free_port(),
            user=user,
            password=password or secrets.token_urlsafe(24),
            database="postgres",
            certificate=base / "root.crt",
        )
        super().__init__(bin_dir, reach, base / "data", base / "server.log", sessions)
        self._process: subprocess.Popen[bytes] | None = None
        self._harness: Variant | None = None
        if len(f"{reach.sockets}/.s.PGSQL.{reach.port}".encode()) > SOCKET_PATH_MAX:
            raise UsageError(tr("{path} is too long a path for a Unix socket; choose a shorter --data-dir.", path=home))
        self._held = HeldDirectory(base, self._owner)
        self._ahead: Future[None] | None = None
        primary = Primary(
            reach=reach,
            connect=self.connect,
            endpoint=self.endpoint,
            free_port=free_port,
            reload=self._reload,
            write=lambda text: self._owner.write(self._data / FILE, text),
            made=lambda: (self.postmaster(), self.swapping.in_force),
        )
        self.standby = PrivateStandby(primary, base, self._bin, self._owner)

    @property
    def what(self) -> str:
        """See ``ManagedServer.what``."""
        return tr("a private PostgreSQL {version}", version=build_of(self._bin).major)

    # --- making and removing -----------------------------------------------------------------------------------------

    def create(self, harness: Variant, *, tls: bool) -> None:
        """Make the cluster, replacing what an earlier run left; it is not started yet."""
        self._harness = harness
        if self._ahead:
            self._ahead.result()
            self._ahead = None
        else:
            self._make()
        self._owner.do("sh", "-c", APPEND, "sh", self._data / "postgresql.conf", text=INCLUDES)
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

    def _empty(self) -> None:
        self.standby.forget()
        self._held.empty()

    def _make(self) -> None:
        self._empty()
        self._owner.do("mkdir", self._reach.sockets)
        self._initdb()

    def _initdb(self) -> None:
        password_file = self._base / "password"
        self._owner.put(password_file, self._reach.password)
        # Not synced: after a power cut nothing of it is used again. C.UTF-8 is the same on every system. Checksums
        # are on whatever the major: 18 has them by itself, those before it do not.
        options = "--no-sync --data-checksums --encoding=UTF8 --locale=C.UTF-8 --auth=scram-sha-256 --no-instructions"
        where = [f"--username={self._reach.user}", f"--pwfile={password_file}", f"--pgdata={self._data}"]
        done = self._owner.run([self._bin / "initdb", *options.split(), *where])
        self._owner.do("rm", password_file)
        if done.returncode:
            raise ServerError(f"initdb failed in {self._data}: {_last_line(done.stderr)}")

    def _make_certificate(self) -> None:
        if not shutil.which("openssl"):
            how = how_to_install("openssl")
            raise HostError(tr("The transport tls needs openssl to make a certificate: {how}.", how=how))
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

    def close(self) -> None:
        """Stop the server, which has nothing to save any more, and remove the cluster."""
        if self._ahead:
            wait([self._ahead])
        self.stop(IMMEDIATE)
        try:
            self._held.remove()
        except OSError as error:
            raise ServerError(
                tr("The private server in {path} can't be removed: {error}; remove it.", path=self._base, error=error)
            ) from error

    # --- running -----------------------------------------------------------------------------------------------------

    def alive(self) -> bool:
        """See ``Cluster.alive``."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """See ``Cluster.start``."""
        own = ["-c", f"port={self._reach.port}", "-c", f"unix_socket_directories={self._reach.sockets}", *self.options]
        server: list[str | Path] = ["sh", "-c", LOGGED, self._log, self._bin / "postgres", "-D", self._data, *own]
        with contextlib.suppress(FileNotFoundError):
            self._log_before = self._log.lstat().st_size
        with held_back():
            self._process = self._owner.start(*server)
        self._wait_ready()

    def _new_log(self) -> str:
        return self._owner.run(["tail", "-c", f"+{self._log_before + 1}", self._log]).stdout

    def stop(self, how: signal.Signals = FAST) -> None:
        """See ``Cluster.stop``."""
        # Before its primary, which would wait until it has had all WAL.
        if how == FAST and self.alive():
            self.standby.retire()
        self.standby.stop()
        if self._process is None:
            return
        # One after the other, each with its time: what does not end itself is ended.
        for each in (how, IMMEDIATE, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(each)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(STOP_TIMEOUT_S)
        self._process = None

    def _reload(self) -> None:
        self.swapping.reload()

    def replicate(self, level: Replica) -> Standby | None:
        """See ``Server.replicate``."""
        if level == NO_REPLICA:
            self.standby.leave()
            return None
        self.standby.follow(level)
        return self.standby

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
