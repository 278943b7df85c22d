"""How a module says that it can't do something."""

from __future__ import annotations


class Refused(Exception):  # noqa: N818 - it is a sentence, not a fault of ours
    """Why something can't be done, and what to do about it."""
