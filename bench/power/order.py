"""What is said between who cuts the power (``cuttable``) and the process that holds the files (``mounted``).

A module of its own: ``mounted`` loads libfuse, which need not be there where nothing is cut.
"""

from dataclasses import dataclass

MOUNTED = "mounted"
"""Said once files can be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """How the power is to be cut: a line of JSON."""

    seed: int
    torn: bool
    """Of what was not flushed, chance decides block by block what is on the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How many blocks are held of a file, or below a directory: a line of JSON, answered by a number."""

    below: str
