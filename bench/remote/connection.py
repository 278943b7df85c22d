"""The connection to a box: opened by ssh, its questions answered, kept open by a ``cat`` on the box that answers us.

That ``cat`` tells whether programs of the box still answer, at no cost to it. Commands run over the connection, each in
a ``Session`` of its own. A guard beside it hangs up where this program is killed, so that nothing goes on for nobody.
"""

import json
import re
import secrets as random
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, RLock

from bench.model.language import tr
from bench.remote.complaints import lost, meaning, not_reached
from bench.remote.errors import UnreachableError
from bench.remote.hosts import Host
from bench.remote.openssh import ALONE, CONNECT_TIMEOUT_S, Way
from bench.remote.secrets import PASSPHRASE, SSH_PASSWORD, Secrets
from bench.remote.session import Session, TooMuchError

OPEN_TIMEOUT_S = 3 * CONNECT_TIMEOUT_S
"""From connecting to the first answer of a program there, a person's typing not counted."""
LOOK_S = 0.1
QUESTION_S = 5
FORWARD_TIMEOUT_S = 10
"""For ssh's own process, which is asked and not the box."""
MOST_QUESTION_BYTES = 1 << 16
LAST_WORDS_S = 1
"""ssh may not have noticed yet what its sessions have."""
ASKS_PASSPHRASE = re.compile(r"Enter (passphrase|PIN) for ")
ASKS_PASSWORD = re.compile(r"password", re.IGNORECASE)


GUARD = """
folder=$1
shift
read -r _
"$@"
rm -rf "$folder"
"""
"""Nothing is written to it: what it reads is the end of whoever should have."""


class Connection:
    """One that is open."""

    def __init__(self, host: Host, secrets: Secrets, given_up: Event, *, may_ask: bool) -> None:
        """Open it.

        Args:
            host: the box.
            secrets: what the person at the terminal knows.
            given_up: nobody waits for it any more.
            may_ask: the person may be asked for what is not known yet.

        Raises:
            UnreachableError, NotTrustedError, NotAdmittedError: it did not come about, and why.

        """
        self._host, self._secrets, self._may_ask = host, secrets, may_ask
        self._unanswered = False
        self._echo = RLock()
        """Held by who reads from the ``cat``."""
        self._way = Way(host)
        asked = self._way.folder / "a"
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(asked))
        self._door.listen()
        self._door.settimeout(0)
        try:
            self._session = Session(self._way.connecting("exec cat", ALONE), self._way.asking(asked))
            self._guard = Session(["sh", "-c", GUARD, "sh", str(self._way.folder), *self._way.ending()])
        except BaseException:
            self._door.close()
            self._way.close()
            raise
        try:
            self._opening(given_up)
        except BaseException:
            self.close()
            raise
        finally:
            self._door.close()

    def start(self, command: str) -> Session:
        """Start a command on the box."""
        return Session(self._way.over(command))

    def tunnel(self, name: str, port: int) -> Path:
        """Lead a socket of this name, in a folder that only we may enter, to a port of the box's loopback.

        Returns:
            The folder. The socket is there as long as the connection.

        Raises:
            UnreachableError: ssh does not.

        """
        local = self._way.folder / name
        if not local.exists():
            forwarding = self._way.forwarding(local, port)
            try:
                done = subprocess.run(forwarding, capture_output=True, check=False, timeout=FORWARD_TIMEOUT_S)
            except subprocess.TimeoutExpired as error:
                why = tr("it did not end within {seconds:g} s", seconds=FORWARD_TIMEOUT_S)
                raise UnreachableError(self._host.name, tr("ssh makes no tunnel there ({why})", why=why)) from error
            if done.returncode:
                why = done.stderr.decode(errors="replace").strip()
                raise UnreachableError(self._host.name, tr("ssh makes no tunnel there ({why})", why=why))
        return self._way.folder

    @property
    def is_open(self) -> bool:
        """Return whether ssh has not noticed yet that it is lost."""
        return not self._session.ended

    def ask(self, seconds: float) -> None:
        """Have a program on the box answer.

        Raises:
            TimeoutError: none does.
            UnreachableError: the connection is lost.

        """
        with self._echo:
            word = random.token_hex(8).encode() + b"\n"
            self._session.send(word)
            output, end = b"", time.monotonic() + seconds
            while word not in output:
                chunk = self._session.recv(end - time.monotonic())
                if not chunk:
                    raise UnreachableError(self._host.name, self.why_lost())
                output = (output + chunk)[-2 * len(word) :]

    def why_lost(self) -> str:
        """Say that the connection was lost, and why."""
        end = time.monotonic() + LAST_WORDS_S
        with self._echo, suppress(TooMuchError):
            while not self._session.closed and time.monotonic() < end:
                self._session.step(LOOK_S)
        return tr("the connection was lost ({why})", why=lost(self._complaints()))

    def hang_up(self) -> None:
        """End it, from whichever thread; whoever reads from it is told."""
        self._session.end()

    def close(self) -> None:
        """End it and let go of it."""
        self.hang_up()
        with self._echo:
            self._session.close()
            self._guard.close()
            self._way.close()

    # --- opening -----------------------------------------------------------------------------------------------------

    def _opening(self, given_up: Event) -> None:
        """Wait until a program on the box answers; what a login shell says before that is passed over."""
        word = random.token_hex(8).encode() + b"\n"
        self._session.send(word)
        end = time.monotonic() + OPEN_TIMEOUT_S
        try:
            while word not in self._session.out:
                self._session.step(LOOK_S)
                end += self._answer()
                if given_up.is_set():
                    raise UnreachableError(self._host.name, tr("stopped"))
                if self._session.closed:
                    names = self._way.names()
                    raise meaning(self._host, names, self._complaints(), passphrase=self._unanswered)
                if time.monotonic() > end:
                    raise UnreachableError(self._host.name, not_reached(self._host, tr("no answer in time")))
        except TooMuchError as error:
            raise UnreachableError(self._host.name, not_reached(self._host, error)) from error
        self._session.out.clear()

    def _complaints(self) -> str:
        return self._session.errors.decode(errors="replace")

    # --- questions ---------------------------------------------------------------------------------------------------

    def _answer(self) -> float:
        """Answer a question of ssh's, if there is one; return how long the person took."""
        try:
            asks, _ = self._door.accept()
        except BlockingIOError:
            return 0
        began = time.monotonic()
        with asks:
            asks.settimeout(QUESTION_S)
            with asks.makefile("rb") as stream:
                question = json.loads(stream.readline(MOST_QUESTION_BYTES))
            # A gateway is reached by an ssh of its own, which our ssh starts.
            own = question["asks"] == self._session.pid
            answer = self._known(str(question["prompt"]), str(question["kind"]), own=own)
            if answer is not None:
                asks.sendall(answer.encode() + b"\n")
        return time.monotonic() - began

    def _known(self, prompt: str, kind: str, *, own: bool) -> str | None:
        """Return the answer to a prompt; ``own``: of the box itself, not of a gateway. None: there is none."""
        # A host key is trusted by `make trust`, and nowhere else.
        if kind or "(yes/no" in prompt:
            return None
        if ASKS_PASSPHRASE.match(prompt):
            answer = self._secret(PASSPHRASE)
            self._unanswered = answer is None
            return answer
        if own and ASKS_PASSWORD.search(prompt):
            return self._host.password or self._secret(SSH_PASSWORD)
        # The prompt is a gateway's own text: nothing of it may steer the terminal.
        return self._secret("".join(filter(str.isprintable, prompt))[:80].strip(" :"))

    def _secret(self, what: str) -> str | None:
        if self._may_ask:
            return self._secrets.ask(what)
        return self._secrets.known(what)
