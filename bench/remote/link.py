"""One SSH connection to a box, by Fabric, made safe: host key verified, every wait bounded, bytes as they are.

Fabric 3.2 adds unknown host keys, sends no keepalives and waits without end unless told otherwise, and its ``run``
makes text of what it reads; so a command here is a session of its connection's transport.
"""

import errno
import logging
import shlex
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Lock

import paramiko
from fabric import Connection
from paramiko.ssh_exception import NoValidConnectionsError

from bench.remote.errors import NotAdmittedError, NotReadyError, NotTrustedError, RemoteError, UnreachableError
from bench.remote.hosts import Host
from bench.remote.secrets import Secrets

CONNECT_TIMEOUT_S = 10
KEEPALIVE_S = 5
LOST_AFTER_S = 10
"""What we sent, keepalives included, must be acknowledged by then (tcp(7), TCP_USER_TIMEOUT)."""
ANSWER_TIMEOUT_S = 60
WINDOW_BYTES = 16 << 20
CHUNK_BYTES = 1 << 16
NO_KEY = "not found in known_hosts"
"""In what paramiko.RejectPolicy says."""
NO_STATUS = -1
"""Of a command whose session ended without telling how."""
logging.getLogger("paramiko").addHandler(logging.NullHandler())  # what matters is raised; the rest is noise
NO_WAY = (errno.EHOSTUNREACH, errno.ENETUNREACH)
WORDS: Mapping[type[BaseException], str] = {
    TimeoutError: "no answer in time",
    ConnectionRefusedError: "it refuses connections to that port: is its sshd running?",
    ConnectionResetError: "it hung up",
    socket.gaierror: "no address is known for that name",
}
TROUBLE = (paramiko.SSHException, OSError, EOFError)


@dataclass(frozen=True, slots=True)
class Said:
    """How a command on a box ended, and what it printed."""

    code: int
    out: bytes
    err: str

    @property
    def last_line(self) -> str:
        """The last thing it complained of."""
        return (self.err.strip().splitlines() or [""])[-1]


class Link:
    """The way to one box; opened when first needed, and again after it was lost."""

    def __init__(self, host: Host, secrets: Secrets) -> None:
        self.host = host
        self.reached = 0
        """How often a connection came about."""
        self.given_up = Event()
        """Nobody waits for this box any more."""
        self.secrets = secrets
        self._lock = Lock()
        self._connection: Connection | None = None
        self._sudo_password: str | None = None

    # --- commands ----------------------------------------------------------------------------------------------------

    def run(
        self, script: str, *arguments: str, user: str = "", stdin: bytes = b"", timeout_s: float = ANSWER_TIMEOUT_S
    ) -> Said:
        """Run a shell script on the box as ``user`` (empty: who logs in) and wait for its end.

        Raises:
            UnreachableError: the box can't be reached, or the connection was lost; the command may have run or not.
            NotTrustedError, NotAdmittedError: it is not the box we know, or does not let us in.
            NotReadyError: it has no pgladder.

        """
        with self.session(script, *arguments, user=user, stdin=stdin, timeout_s=timeout_s) as session:
            with session.makefile("rb") as stream:
                out = stream.read()
            return self.ended(session, out)

    @contextmanager
    def session(
        self, script: str, *arguments: str, user: str = "", stdin: bytes = b"", timeout_s: float
    ) -> Iterator[paramiko.Channel]:
        """Run a shell script and hand out its session, to be read while it runs; raises as ``run``.

        ``timeout_s`` bounds each wait for a byte.
        """
        session = None
        try:
            session = self._opened().create_session()
            session.settimeout(timeout_s)
            session.exec_command(self._command(script, arguments, user))
            session.sendall(self._password_line(user) + stdin)
            session.shutdown_write()
            yield session
        except RemoteError:
            raise
        except TROUBLE as error:
            raise self._lost(error) from error
        finally:
            if session is not None:
                session.close()

    def ask(self) -> None:
        """Ask whether the box still answers: its sshd opens a session in which nothing is run.

        Raises:
            UnreachableError: it does not; its kernel alone would acknowledge whatever is sent.

        """
        try:
            self._opened().create_session().close()
        except RemoteError:
            raise
        except TROUBLE as error:
            raise self._lost(error) from error

    def _lost(self, error: Exception) -> UnreachableError:
        self.close()
        return UnreachableError(self.host.name, f"the connection was lost ({_words(error)})")

    def ended(self, session: paramiko.Channel, out: bytes = b"") -> Said:
        """Return how a session ended whose output has been read.

        Raises:
            UnreachableError: it was cut off.
            NotReadyError: the box has no user that pgladder's runs belong to.

        """
        with session.makefile_stderr("rb") as stream:
            complaints = stream.read().decode(errors="replace")
        code = _exit_status(session, ANSWER_TIMEOUT_S)
        if code == NO_STATUS:
            self.close()
            raise UnreachableError(self.host.name, "the connection was lost (the session was cut off)")
        if f"unknown user {self.host.agent_user}" in complaints:  # sudo's words
            raise NotReadyError(self.host.name)
        return Said(code, out, complaints)

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*TROUBLE):
                connection.close()

    def give_up(self) -> None:
        """Hang up for good."""
        self.given_up.set()
        if (connection := self._connection) is not None:  # who holds the lock may be waiting for just that
            with suppress(*TROUBLE):
                connection.close()

    # --- sudo --------------------------------------------------------------------------------------------------------

    def _command(self, script: str, arguments: tuple[str, ...], user: str) -> str:
        # -k: whether a password is asked for does not depend on what was asked before.
        with_password = "-k -S -p ''" if self._sudo_password is not None else "-n"
        sudo = f"sudo {with_password} -H -u {shlex.quote(user)} -- " if user else ""
        return f"cd / && exec {sudo}sh -c {shlex.quote(script)} sh {shlex.join(arguments)}"

    def _password_line(self, user: str) -> bytes:
        return b"" if not user or self._sudo_password is None else self._sudo_password.encode() + b"\n"

    def _prove_sudo(self) -> None:
        """Find out whether sudo wants a password, and that ours is the right one."""
        self._sudo_password = None
        if self._bare("sudo -k -n true").code == 0:
            return
        password = self.host.sudo_password or self.secrets.ask("sudo password")
        if password is None:
            raise NotAdmittedError(self.host.name, "sudo wants a password there: run this again from a terminal.")
        said = self._bare("sudo -k -S -p '' true", stdin=password.encode() + b"\n")
        if said.code:
            raise NotAdmittedError(
                self.host.name, "sudo did not accept the password, or this user may not use it; run this again."
            )
        self._sudo_password = password

    def _bare(self, command: str, stdin: bytes = b"") -> Said:
        """Run a command on the connection that is just being opened."""
        assert self._connection is not None
        with self._connection.create_session() as session:
            session.settimeout(CONNECT_TIMEOUT_S)
            session.exec_command(command)
            session.sendall(stdin)
            session.shutdown_write()
            return Said(_exit_status(session, CONNECT_TIMEOUT_S), b"", "")

    # --- opening -----------------------------------------------------------------------------------------------------

    def _opened(self) -> Connection:
        with self._lock:
            if self.given_up.is_set():
                raise UnreachableError(self.host.name, "stopped")
            if self._connection is None or not self._connection.is_connected:
                self._open()
            assert self._connection is not None
            return self._connection

    def _open(self) -> None:
        host = self.host
        connection = self._connect(host.password)
        transport = connection.transport
        transport.set_keepalive(KEEPALIVE_S)
        transport.default_window_size = WINDOW_BYTES
        if isinstance(transport.sock, socket.socket):
            transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, LOST_AFTER_S * 1000)
        self._connection = connection
        try:
            self._prove_sudo()
        except NotAdmittedError:
            self._connection = None
            connection.close()
            raise
        self.reached += 1

    def _connect(self, password: str | None) -> Connection:
        host = self.host
        if host.key_file and not host.key_file.is_file():
            raise NotAdmittedError(host.name, f"there is no SSH key {host.key_file}; name yours by KEY=")
        try:
            return self._attempt(password)
        except paramiko.BadHostKeyException as error:
            raise NotTrustedError(
                host.name, "its host key is not the one recorded; if it was reinstalled: make trust"
            ) from error
        except paramiko.PasswordRequiredException as error:
            raise NotAdmittedError(
                host.name, "the SSH key has a passphrase: ssh-add it first, or call fab with --prompt-for-passphrase"
            ) from error
        except paramiko.SSHException as error:
            if NO_KEY in str(error):
                raise NotTrustedError(host.name, "its host key is not recorded yet: make trust") from error
            if _rejected(error):
                return self._with_password(password, error)
            raise UnreachableError(host.name, f"can't be reached ({_words(error)})") from error
        except (OSError, EOFError) as error:
            raise UnreachableError(host.name, f"can't be reached at {host.address} ({_words(error)})") from error

    def _with_password(self, tried: str | None, error: Exception) -> Connection:
        """Log in by the password where keys did not do; only at the first time, somebody may be asked."""
        who = f"{self.host.user or 'this user'} at {self.host.address}"
        password = None if tried or self.reached else self.secrets.ask("SSH password")
        if password is None:
            raise NotAdmittedError(
                self.host.name, f"sshd does not accept {who}: ssh-copy-id your key, or name another by KEY="
            ) from error
        return self._connect(password)

    def _attempt(self, password: str | None) -> Connection:
        host = self.host
        connection = Connection(
            host.address,
            user=host.user,
            port=host.port,
            connect_timeout=CONNECT_TIMEOUT_S,
            connect_kwargs={
                "banner_timeout": CONNECT_TIMEOUT_S,
                "auth_timeout": CONNECT_TIMEOUT_S,
                "channel_timeout": CONNECT_TIMEOUT_S,
                "passphrase": self.secrets.known("passphrase"),
                **({"key_filename": str(host.key_file)} if host.key_file else {}),
                **({"password": password} if password else {}),
            },
        )
        connection.client.set_missing_host_key_policy(paramiko.RejectPolicy())
        if host.known_hosts.is_file():
            connection.client.load_host_keys(str(host.known_hosts))
        try:
            connection.open()
        except BaseException:
            connection.close()
            raise
        return connection


def _rejected(error: Exception) -> bool:
    return isinstance(error, paramiko.AuthenticationException) or "No authentication methods" in str(error)


def _words(error: BaseException) -> str:
    """Tell what happened; an error of paramiko's that wraps others says nothing itself."""
    if isinstance(error, NoValidConnectionsError):
        return "; ".join(dict.fromkeys(map(_words, error.errors.values())))
    if isinstance(error, OSError) and error.errno in NO_WAY:
        return "no way leads there: is it switched on, and on this network?"
    known = next((words for kind, words in WORDS.items() if isinstance(error, kind)), None)
    return known or getattr(error, "strerror", None) or str(error.__cause__ or error) or type(error).__name__


def _exit_status(session: paramiko.Channel, timeout_s: float) -> int:
    """Wait for the end of a command; a session's own time limit does not hold for that."""
    if not session.status_event.wait(timeout_s):
        raise TimeoutError(f"a command did not end within {timeout_s:g} s")
    return int(session.recv_exit_status())
