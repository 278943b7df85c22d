"""The switch of a box's power: a command of the user's, or a hand on its plug.

The command cuts the power and gives it back. It is never ended half-way: it may have to turn the power on again.
"""

import os
import re
import subprocess
from tempfile import TemporaryFile
from typing import IO

from rich.console import Console
from rich.text import Text

from bench.model.errors import PgladderError
from bench.model.language import tr
from bench.model.plain import one_line
from bench.model.signals import held_back, undisturbed
from bench.remote.hosts import Host

COMMAND_TIMEOUT_S = 900
OF_MAKE = ("MAKEFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MFLAGS", "MAKEFILES")
"""What make tells a make below it: the words of our own call, which would be another goal's."""

WORD_OF_MAKE = re.compile(r"(?<!\\)(?:^| )(\w+)=")
"""What was given to make, as MAKEFLAGS has it: a space in a value has a backslash in front."""


class PowerError(PgladderError, RuntimeError):
    """The power was not cut, or did not come back."""


class Switch:
    """Of one box."""

    def __init__(self, host: Host, command: str | None, out: Console) -> None:
        """Take the user's command for a shell; None: somebody pulls the plug, and is told when."""
        self._host, self._command, self._out = host, command, out
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None

    @property
    def by_hand(self) -> bool:
        """Return whether somebody has to do it."""
        return self._command is None

    def throw(self) -> None:
        """Begin to cut the power: start the command, or ask for a hand."""
        if self._command is None:
            self._tell(tr("{host}: cut its power now (pull the plug).", host=self._host.name))
            return
        about = {"PGLADDER_HOST": self._host.name, "PGLADDER_ADDRESS": self._host.address}
        # make hands its words down by the environment, too, where the next make refuses them.
        told = {*OF_MAKE, *WORD_OF_MAKE.findall(os.environ.get("MAKEFLAGS", ""))}
        env = {name: value for name, value in os.environ.items() if name not in told}
        self._said = TemporaryFile()  # noqa: SIM115 - as long as the process
        with held_back():
            self._process = subprocess.Popen(
                ["sh", "-c", self._command],
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=subprocess.STDOUT,
                env=env | about,
                start_new_session=True,  # Ctrl-C is for us alone; what would ask at the terminal fails, and says so
            )

    def ended(self) -> bool:
        """Return whether the command has come to its end.

        Raises:
            PowerError: it failed.

        """
        if self._process is None or self._process.poll() is None:
            return False
        code = self._process.returncode
        if code:
            raise PowerError(
                tr(
                    "The power command ended with exit code {code}: {why}",
                    code=code,
                    why=self._last_line() or tr("it does not say why"),
                )
            )
        return True

    def gone(self) -> None:
        """Say that the power is gone, to whoever has to give it back."""
        if self.by_hand:
            self._tell(tr("{host}: its power is gone. Give it back.", host=self._host.name))

    def finish(self) -> None:
        """Wait for the end of the command. Raises as ``ended``."""
        if self._process is None:
            return
        try:
            self._process.wait(COMMAND_TIMEOUT_S)
        except subprocess.TimeoutExpired as error:
            raise PowerError(
                tr(
                    "The power command did not end within {seconds} s; process {process} is left running.",
                    seconds=COMMAND_TIMEOUT_S,
                    process=self._process.pid,
                )
            ) from error
        self.ended()
        self._process = None

    def let_go(self) -> None:
        """Leave it, once a command that is under way has ended, whatever is pressed meanwhile."""
        if self._process is not None and self._process.poll() is None:
            self._tell(tr("Waiting for the power command to end: it may have to turn the power on again."))
            with undisturbed():
                try:
                    self._process.wait(COMMAND_TIMEOUT_S)
                except subprocess.TimeoutExpired:
                    self._tell(tr("It goes on, as process {process}.", process=self._process.pid))
        self._process = None
        if self._said is not None:
            self._said.close()
            self._said = None

    def _last_line(self) -> str:
        assert self._said is not None
        self._said.seek(0)
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        return one_line(lines[-1])[:200] if lines else ""

    def _tell(self, sentence: str) -> None:
        self._out.print(Text(sentence), soft_wrap=True)
