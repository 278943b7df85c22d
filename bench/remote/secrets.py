"""Passwords: asked for once, for all boxes together; kept in memory only, never printed."""

import getpass
import sys
from collections.abc import Mapping
from threading import Lock


class Secrets:
    """What the person at the terminal knows."""

    def __init__(self, known: Mapping[str, str | None] | None = None) -> None:
        """Start with what is ``known`` already, by the words that ``ask`` asks with."""
        self._known = {what: value for what, value in (known or {}).items() if value}
        self._lock = Lock()

    def ask(self, what: str) -> str | None:
        """Return the secret; None where nobody is there to be asked."""
        with self._lock:
            if what not in self._known and sys.stdin.isatty():
                self._known[what] = getpass.getpass(f"{what} (used now, not stored): ")
            return self._known.get(what)

    def known(self, what: str) -> str | None:
        """Return the secret if it was given already."""
        return self._known.get(what)
