"""The way to one box: commands over a connection of ssh's, opened when first needed; each wait and answer bounded."""

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from threading import Event, Lock

from bench.model.language import tr
from bench.remote.connection import Connection
from bench.remote.errors import (
    NotReadyError,
    RefusedError,
    RemoteError,
    SudoRefusedError,
    TooMuchOutputError,
    UnreachableError,
)
from bench.remote.hosts import Host
from bench.remote.secrets import SUDO_PASSWORD, Secrets
from bench.remote.session import Session, TooMuchError

ANSWER_TIMEOUT_S = 60
MOST_BYTES = 1 << 20
"""What a step may be answered with where it does not say otherwise."""
LOST = 255
"""ssh's own exit code."""
NO_MORE_SESSIONS = "Session open refused by peer"
"""In ssh's own words."""
NOT_FOUND = 127
ENGLISH = "env LC_ALL=C.UTF-8 LANGUAGE=C"
"""Some of what sudo says is looked for."""


@dataclass(frozen=True, slots=True)
class Output:
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
        self.answered = time.monotonic()
        """When a program of the box last said anything."""
        self.given_up = Event()
        """Nobody waits for this box any more."""
        self.secrets = secrets
        self._lock = Lock()
        self._connection: Connection | None = None

    def run(
        self,
        script: str,
        *arguments: str,
        user: str = "",
        stdin: bytes = b"",
        timeout_s: float = ANSWER_TIMEOUT_S,
        most_bytes: int = MOST_BYTES,
    ) -> Output:
        """Run a shell script on the box as ``user`` (empty: who logs in) and wait for its end, so long and no longer.

        Raises:
            UnreachableError: the box can't be reached, or the connection was lost; the command may have run or not.
            NotTrustedError, NotAdmittedError: it is not the box we know, or does not let us in.
            NotReadyError: it has no pgladder.
            TooMuchOutputError: its answer is none of ours.

        """
        with self.session(script, *arguments, user=user, stdin=stdin, timeout_s=timeout_s) as session:
            out, end = bytearray(), time.monotonic() + timeout_s
            while chunk := session.recv(max(end - time.monotonic(), 0)):
                out += chunk
                if len(out) > most_bytes:
                    raise TooMuchOutputError(self.host.name, most_bytes)
            return self.ended(session, bytes(out))

    @contextmanager
    def session(
        self, script: str, *arguments: str, user: str = "", stdin: bytes = b"", timeout_s: float, last: bool = True
    ) -> Iterator[Session]:
        """Run a shell script and hand out its session, to be read while it runs; raises as ``run``.

        ``timeout_s`` bounds how long its start may take; not ``last``: more input follows.
        """
        began, session = time.monotonic(), None
        try:
            connection = self._opened()
            began = time.monotonic()
            asking = f"pgladder-asks-{token_hex(8)}"
            session = connection.start(_command(script, arguments, user, asking))
            if user:
                self._let_in(session, asking, timeout_s)
            session.send(stdin, last=last)
            yield session
            self.answered = time.monotonic()
        except UnreachableError as error:
            error.answered = self.answered
            raise
        except TooMuchError as error:
            raise TooMuchOutputError(self.host.name) from error
        except TimeoutError as error:
            self.close()
            silent_s = time.monotonic() - max(self.answered, began)
            why = tr("it can be reached, and does not answer ({why})", why=error)
            lost = UnreachableError(self.host.name, why, silent_s=silent_s)
            lost.answered = self.answered
            raise lost from error
        finally:
            if session is not None:
                session.close()

    def tunnel(self, name: str, port: int) -> Path:
        """Lead a socket here to a port of the box's loopback; see ``Connection.tunnel``."""
        return self._opened().tunnel(name, port)

    def ask(self) -> None:
        """Ask whether the box still answers: a program there, not only its sshd.

        Raises:
            UnreachableError: it does not; its kernel alone would acknowledge whatever is sent.

        """
        self._opened().ask(ANSWER_TIMEOUT_S)
        self.answered = time.monotonic()

    def ended(self, session: Session, out: bytes = b"") -> Output:
        """Return how a session ended whose output has been read.

        Raises:
            UnreachableError: it was cut off.
            RefusedError: the box's sshd did not begin it.
            NotReadyError: the box has no user that pgladder's runs belong to.

        """
        code = session.exit_code(ANSWER_TIMEOUT_S)
        complaints = session.errors.decode(errors="replace")
        if code == LOST and NO_MORE_SESSIONS in complaints:
            raise RefusedError(
                self.host.name,
                tr(
                    "its sshd opens too few sessions in one connection: set MaxSessions in its /etc/ssh/sshd_config to"
                    " 10, as by default, then there: sudo systemctl reload ssh"
                ),
            )
        if code == LOST or code < 0:
            raise self._lost()
        # In sudo's words.
        if f"unknown user {self.host.agent_user}" in complaints:
            raise NotReadyError(self.host.name)
        return Output(code, out, complaints)

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def give_up(self) -> None:
        """Hang up for good."""
        self.given_up.set()
        # Who reads from it lets go of it then.
        if (connection := self._connection) is not None:
            connection.hang_up()
        # Where the lock is held, the connection is being opened, and whoever opens it lets go of it.
        if self._lock.acquire(blocking=False):
            self._lock.release()
            self.close()

    def _lost(self) -> UnreachableError:
        # Another thread may hang up meanwhile: one look, one answer.
        connection = self._connection
        why = tr("the connection was lost (the session was cut off)")
        if connection:
            why = connection.why_lost()
        self.close()
        return UnreachableError(self.host.name, why)

    def _opened(self) -> Connection:
        with self._lock:
            if self.given_up.is_set():
                raise UnreachableError(self.host.name, tr("stopped"))
            if self._connection is not None and not self._connection.is_open:
                self._connection.close()
                self._connection = None
            if self._connection is None:
                # The first connection asks; those after it go by what is known from then on.
                may_ask = not self.reached
                self._connection = Connection(self.host, self.secrets, self.given_up, may_ask=may_ask)
                self.reached += 1
            return self._connection

    def _let_in(self, session: Session, asking: str, timeout_s: float) -> None:
        """Give sudo the password where it asks for it, and only there; return when the command has begun.

        Raises:
            SudoRefusedError: it does not let us.

        """
        given, end = False, time.monotonic() + timeout_s
        begun = _begun(asking)
        while begun not in session.errors:
            if asking.encode() in session.errors:
                if given:
                    raise SudoRefusedError(
                        self.host.name,
                        tr("sudo did not accept the password, or this user may not use it; run this again."),
                    )
                session.errors.clear()
                began = time.monotonic()
                session.send(self._sudo_password().encode() + b"\n")
                given, end = True, end + time.monotonic() - began
            elif session.closed:
                raise self._not_let_in(self.ended(session))
            elif not session.step(end - time.monotonic()) and time.monotonic() >= end:
                raise TimeoutError(tr("sudo did not answer within {seconds:g} s", seconds=timeout_s))
        del session.errors[: session.errors.index(begun) + len(begun)]

    def _sudo_password(self) -> str:
        password = self.host.sudo_password or self.secrets.ask(SUDO_PASSWORD)
        if password is None:
            raise SudoRefusedError(self.host.name, tr("sudo wants a password there: run this again from a terminal."))
        return password

    def _not_let_in(self, output: Output) -> RemoteError:
        if output.code == NOT_FOUND:
            return SudoRefusedError(self.host.name, tr("it has no sudo; as root on the box: apt-get install sudo"))
        refused = tr("sudo does not let this user in there: {why}", why=output.last_line)
        return SudoRefusedError(self.host.name, refused)


def _begun(asking: str) -> bytes:
    """Return what a command that sudo lets in says first: nothing that the prompt is a part of, or part of it."""
    return f"{asking.replace('asks', 'runs')}\n".encode()


def _command(script: str, arguments: tuple[str, ...], user: str, asking: str) -> str:
    """Return what the login shell runs.

    sudo asks with words of its own for each command, and our command says when it begins: so a password goes to sudo
    and to nothing else. ``-k``: no ticket is left on the box, and whether it asks does not depend on one.
    """
    shell = f"sh -c {shlex.quote(script)} sh {shlex.join(arguments)}"
    if not user:
        return f"cd / && exec {shell}"
    begin = shlex.quote(f'printf %s {shlex.quote(_begun(asking).decode())} >&2; exec "$@"')
    sudo = f"{ENGLISH} sudo -k -S -p {asking} -H -u {shlex.quote(user)} --"
    return f"cd / && exec {sudo} sh -c {begin} sh {shell}"
