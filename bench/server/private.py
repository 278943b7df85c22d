"""A throwaway PostgreSQL 15 of our own: made for a run, stopped and removed with it.

It runs as an ordinary user (PostgreSQL refuses root): as root it drops to ``postgres`` or ``nobody``. It dies with the
agent, however that ends (``setpriv --pdeathsig``). Configuration is a base of includes; harness and variant are files,
which ``swap`` replaces.
"""

import contextlib
import fcntl
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from bench.files import write_whole
from bench.model import Variant, WrongUseError
from bench.server.own import OwnServer, Reach
from bench.server.session import ServerError
from bench.server.staging import VARIANT_FILE, Staging
from bench.server.swap import Swapping

MARKER = "made-by-pgladder"
USER = "pgladder"
STOP_TIMEOUT_S = 60
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT
"""Shutdowns: with a checkpoint, or as after a crash (postgres(1))."""
SOCKET_PATH_MAX = 107
"""Bytes of a Unix socket's path (unix(7)), the name of PostgreSQL's socket included."""


def free_port() -> int:
    """Return a TCP port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ordinary_user() -> pwd.struct_passwd:
    """Return the user a server runs as: ourselves, or as root ``postgres`` or ``nobody``."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    known = {user.pw_name: user for user in pwd.getpwall()}
    return known.get("postgres") or known["nobody"]


class PrivateServer(OwnServer):
    """A cluster in ``home/server``."""

    what = "a private PostgreSQL 15"

    def __init__(self, home: Path, bin_dir: Path) -> None:
        base = self._base = home / "server"
        self._bin, self._owner = bin_dir, ordinary_user()
        reach = Reach(
            sockets=base / "run",
            port=free_port(),
            user=USER,
            password=secrets.token_urlsafe(24),
            database="postgres",
            certificate=base / "root.crt",
        )
        super().__init__(reach, base / "data", base / "server.log")
        self._process: subprocess.Popen[bytes] | None = None
        self._harness: Variant | None = None
        if len(f"{reach.sockets}/.s.PGSQL.{reach.port}".encode()) > SOCKET_PATH_MAX:
            raise WrongUseError(f"{home} is too long a path for a Unix socket; choose a shorter --data-dir.")
        self._held = self._hold_directory()

    # --- making and removing -----------------------------------------------------------------------------------------

    def create(self, harness: Variant, *, tls: bool) -> None:
        """Make the cluster, replacing what an earlier run left; it is not started yet."""
        self._harness = harness
        self._remove()
        self._base.mkdir(parents=True)
        (self._base / MARKER).touch()
        for directory in (self._data, self._reach.sockets):
            directory.mkdir(mode=0o700 if directory == self._data else 0o755)
            os.chown(directory, self._owner.pw_uid, self._owner.pw_gid)
        self._log.touch()
        self._initdb()
        with (self._data / "postgresql.conf").open("a") as base:
            base.write("include_dir 'pgladder'\n")
        self._own_directory(self._data / "pgladder")
        self._write("10-harness.conf", harness.text)
        self.write_variant("")
        if tls:
            self._make_certificate()
        staging = Staging(self._base / "staged", self._data, self.configuration, self._bin, self._as_owner)
        self._swapping = Swapping(self, staging, harness)

    def _hold_directory(self) -> IO[str]:
        """Hold the directory against a run in another network namespace, which the box's lock does not reach."""
        self._base.parent.mkdir(parents=True, exist_ok=True)
        held = self._base.with_name("server.lock").open("w")
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            held.close()
            raise WrongUseError(f"Another run uses {self._base}; wait for it or name another --data-dir.") from error
        if self._base.exists() and not (self._base / MARKER).exists():
            held.close()
            raise WrongUseError(f"{self._base} was not made by pgladder; choose another --data-dir.")
        return held

    def _initdb(self) -> None:
        password_file = self._base / "password"
        password_file.touch(mode=0o600)
        os.chown(password_file, self._owner.pw_uid, self._owner.pw_gid)
        password_file.write_text(self._reach.password)
        options = "--no-sync --data-checksums --encoding=UTF8 --locale=C.UTF-8 --auth=scram-sha-256 --no-instructions"
        where = [f"--username={USER}", f"--pwfile={password_file}", f"--pgdata={self._data}"]
        done = self._as_owner([self._bin / "initdb", *options.split(), *where])
        password_file.unlink()
        if done.returncode:
            raise ServerError(f"initdb failed in {self._data}: {_last_line(done.stderr)}")

    def _make_certificate(self) -> None:
        if not shutil.which("openssl"):
            raise WrongUseError("The transport tls needs openssl to make a certificate: apt-get install openssl.")
        options = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost"
        files: list[str | Path] = ["-keyout", self._data / "server.key", "-out", self._data / "server.crt"]
        done = self._as_owner(["openssl", *options.split(), *files])
        if done.returncode:
            raise ServerError(f"openssl could not make a certificate: {_last_line(done.stderr)}")
        shutil.copyfile(self._data / "server.crt", self._reach.certificate)
        self._reach.certificate.chmod(0o644)

    def _own_directory(self, directory: Path) -> None:
        directory.mkdir(mode=0o700)
        os.chown(directory, self._owner.pw_uid, self._owner.pw_gid)

    def _write(self, name: str, text: str) -> None:
        path = self._data / "pgladder" / name
        write_whole(path, text.encode())
        os.chown(path, self._owner.pw_uid, self._owner.pw_gid)

    @property
    def configuration(self) -> Path:
        """See ``Cluster.configuration``."""
        return self._data / "pgladder"

    def write_variant(self, text: str) -> None:
        """See ``Cluster.write_variant``."""
        self._write(VARIANT_FILE, text)

    def _remove(self) -> None:
        if self._base.exists():
            shutil.rmtree(self._base)

    def close(self) -> None:
        """Stop the server, which has nothing to save any more, and remove the cluster."""
        self.stop(IMMEDIATE)
        self._remove()
        Path(self._held.name).unlink()
        self._held.close()
        with contextlib.suppress(OSError):  # somebody else's files are in it
            self._base.parent.rmdir()

    # --- running -----------------------------------------------------------------------------------------------------

    def _drop_to_owner(self, *more: str) -> list[str]:
        ids = [f"--reuid={self._owner.pw_uid}", f"--regid={self._owner.pw_gid}", "--init-groups"]
        return ["setpriv", *(ids if os.geteuid() == 0 else []), *more, "--"]

    def _as_owner(self, command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._drop_to_owner(), *command], capture_output=True, text=True, check=False, cwd=self._base
        )

    def alive(self) -> bool:
        """See ``Cluster.alive``."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """See ``Cluster.start``."""
        drop = self._drop_to_owner("--pdeathsig", "QUIT")
        own = ["-c", f"port={self._reach.port}", "-c", f"unix_socket_directories={self._reach.sockets}"]
        command: list[str | Path] = [*drop, self._bin / "postgres", "-D", self._data, *own]
        with self._log.open("ab") as log:
            self._log_before = log.tell()
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0, cwd=self._base
            )
        self._wait_ready()

    def stop(self, how: signal.Signals = FAST) -> None:
        """See ``Cluster.stop``."""
        if self._process is None:
            return
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
