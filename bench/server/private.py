"""A throwaway PostgreSQL 15 of our own: made for a run, stopped and removed with it.

It runs as an ordinary user (PostgreSQL refuses root): as root it drops to ``postgres`` or ``nobody``. It dies with the
agent, however that ends (``setpriv --pdeathsig``). Configuration is a base of includes; harness and variant are files.
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
from time import monotonic, sleep
from typing import IO

import psycopg2

from bench.model import Endpoint, Transport, Variant, WrongUseError
from bench.server.session import ServerError, Session

MARKER = "made-by-pgladder"
USER = "pgladder"
START_TIMEOUT_S = 60
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


class PrivateServer:
    """A cluster in ``home/server``; create with ``start``, which fails with a sentence or leaves it running."""

    schema = "pgladder"
    exclusive = True

    def __init__(self, home: Path, bin_dir: Path) -> None:
        self._base = home / "server"
        self._bin, self._port, self._owner = bin_dir, free_port(), ordinary_user()
        self._sockets, self._data, self._log = self._base / "run", self._base / "data", self._base / "server.log"
        self._password = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None
        self._in_force: Variant | None = None
        self._harness: Variant | None = None
        if len(f"{self._sockets}/.s.PGSQL.{self._port}".encode()) > SOCKET_PATH_MAX:
            raise WrongUseError(f"{home} is too long a path for a Unix socket; choose a shorter --data-dir.")
        self._held = self._hold_directory()

    # --- making and removing -----------------------------------------------------------------------------------------

    def create(self, harness: Variant, *, tls: bool) -> None:
        """Make the cluster, replacing what an earlier run left; it is not started yet."""
        self._harness = harness
        self._remove()
        self._base.mkdir(parents=True)
        (self._base / MARKER).touch()
        for directory in (self._data, self._sockets):
            directory.mkdir(mode=0o700 if directory == self._data else 0o755)
            os.chown(directory, self._owner.pw_uid, self._owner.pw_gid)
        self._log.touch()
        self._initdb()
        with (self._data / "postgresql.conf").open("a") as base:
            base.write("include_dir 'pgladder'\n")
        self._own_directory(self._data / "pgladder")
        self._write("10-harness.conf", harness.text)
        if tls:
            self._make_certificate()

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
        password_file.write_text(self._password)
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
        certificate = self._base / "root.crt"
        shutil.copyfile(self._data / "server.crt", certificate)
        certificate.chmod(0o644)

    def _own_directory(self, directory: Path) -> None:
        directory.mkdir(mode=0o700)
        os.chown(directory, self._owner.pw_uid, self._owner.pw_gid)

    def _write(self, name: str, text: str) -> None:
        path = self._data / "pgladder" / name
        part = path.with_suffix(".part")
        part.write_text(text)
        os.chown(part, self._owner.pw_uid, self._owner.pw_gid)
        part.replace(path)

    def _remove(self) -> None:
        if self._base.exists():
            shutil.rmtree(self._base)

    def close(self) -> None:
        """Stop the server, which has nothing to save any more, and remove the cluster."""
        self._stop(IMMEDIATE)
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

    def _start(self) -> None:
        drop = self._drop_to_owner("--pdeathsig", "QUIT")
        own = ["-c", f"port={self._port}", "-c", f"unix_socket_directories={self._sockets}"]
        command: list[str | Path] = [*drop, self._bin / "postgres", "-D", self._data, *own]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0, cwd=self._base
            )
        self._wait_ready()

    def _wait_ready(self) -> None:
        deadline = monotonic() + START_TIMEOUT_S
        while monotonic() < deadline:
            try:
                self._connect(schema=None).close()
            except psycopg2.OperationalError as error:
                if self._process is None or self._process.poll() is not None:
                    raise ServerError(f"PostgreSQL did not start: {self._complaint()}") from error
                sleep(0.02)
            else:
                return
        raise ServerError(f"PostgreSQL did not answer within {START_TIMEOUT_S} s: {self._complaint()}")

    def _complaint(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()
        grave = [line for line in lines[-50:] if "FATAL" in line or "PANIC" in line or "ERROR" in line]
        return (grave or lines or ["its log is empty"])[-1]

    def _stop(self, how: signal.Signals = FAST) -> None:
        if self._process is None:
            return
        for each in (how, IMMEDIATE, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(each)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(STOP_TIMEOUT_S)
        self._process = None

    def apply(self, variant: Variant) -> None:
        """Restart with a variant and prove it; see ``Server.apply``."""
        if variant == self._in_force and self._process and self._process.poll() is None:
            return
        self._stop()
        self._write("20-variant.conf", variant.text)
        self._start()
        session = self._connect(schema=None)
        session.run(f"CREATE SCHEMA IF NOT EXISTS {self.schema}")
        self._prove(session, variant)
        session.close()
        self._in_force = variant

    def _prove(self, session: Session, variant: Variant) -> None:
        """Every line of our two files is applied, none overridden, none waiting for a restart."""
        bad = session.rows(
            "SELECT name, setting, coalesce(error, 'overridden by another file') FROM pg_file_settings"
            " WHERE sourcefile LIKE %(ours)s AND NOT applied",
            {"ours": f"{self._data}/pgladder/%"},
        )
        pending = session.rows("SELECT name, setting, 'waits for a restart' FROM pg_settings WHERE pending_restart")
        for name, setting, why in [*bad, *pending]:
            raise ServerError(f"Variant {variant.name}: {name} = {setting} is not in force: {why}")

    def recover(self) -> None:
        """Restart after a crash; where even that fails, begin again with an empty cluster."""
        assert self._harness is not None
        variant, self._in_force = self._in_force, None
        if variant is None:
            raise ServerError(f"PostgreSQL never started: {self._complaint()}")
        if self._process and self._process.poll() is None:
            # PostgreSQL 15 never ends when told to while it recovers from the crash of a backend: let it finish first
            with contextlib.suppress(ServerError):
                self._wait_ready()
        try:
            self.apply(variant)
        except ServerError:
            self._stop()
            self.create(self._harness, tls=(self._base / "root.crt").exists())
            self.apply(variant)

    # --- what others need to know ------------------------------------------------------------------------------------

    def endpoint(self, transport: Transport) -> Endpoint:
        """See ``Server.endpoint``."""
        certificate = self._base / "root.crt"
        return Endpoint(
            transport=transport,
            host=str(self._sockets) if transport == "socket" else "127.0.0.1",
            port=self._port,
            user=USER,
            database="postgres",
            schema=self.schema,
            password=self._password,
            root_certificate=str(certificate) if transport == "tls" else None,
        )

    def _connect(self, schema: str | None) -> Session:
        arguments = self.endpoint("socket").psycopg2_arguments()
        return Session(arguments if schema else {**arguments, "options": ""})

    def session(self) -> Session:
        """See ``Server.session``."""
        return self._connect(self.schema)

    def postmaster(self) -> int | None:
        """See ``Server.postmaster``; setpriv became PostgreSQL, so its process is ours."""
        return self._process.pid if self._process else None

    def data_directory(self) -> Path | None:
        """See ``Server.data_directory``."""
        return self._data


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]
