"""Passwords: asked for once, for all boxes together; kept in memory only, never printed.

Boxes are talked to in threads, and only the main one can be interrupted while it reads from the terminal: so threads
leave their question, and the main one asks it when it comes by.
"""

import getpass
import sys
from collections.abc import Mapping
from threading import Condition, current_thread, main_thread

from bench.model.language import later, tr

PASSPHRASE, SSH_PASSWORD, SUDO_PASSWORD = later("passphrase"), later("SSH password"), later("sudo password")


class Secrets:
    """What the person at the terminal knows."""

    def __init__(self, known: Mapping[str, str | None] | None = None) -> None:
        """Start with what is ``known`` already, by the words that ``ask`` asks with."""
        self._known = {what: value for what, value in (known or {}).items() if value}
        self._wanted: list[str] = []
        self._changed = Condition()

    def ask(self, what: str) -> str | None:
        """Return the secret; None where nobody is there to be asked."""
        if not sys.stdin.isatty() or self._known.get(what):
            return self._known.get(what)
        with self._changed:
            self._wanted.append(what)
        if current_thread() is main_thread():
            self.answer()
        with self._changed:
            self._changed.wait_for(lambda: what not in self._wanted)
        return self._known.get(what)

    def answer(self) -> None:
        """Ask the person, in the main thread, what threads want to know; an interruption is an answer too."""
        asked = list(dict.fromkeys(self._wanted))
        try:
            for what in asked:
                if not self._known.get(what):
                    self._known[what] = getpass.getpass(tr("{what} (used now, not stored): ", what=tr(what)))
        finally:
            with self._changed:
                self._wanted = [what for what in self._wanted if what not in asked]
                self._changed.notify_all()

    def known(self, what: str) -> str | None:
        """Return the secret if it was given already."""
        return self._known.get(what)
