"""Which files of the user's a plan takes: its phases and layouts that are not pgladder's own (``bench.seams``)."""

from collections.abc import Iterable

from bench.engines.postgresql.layout import layout_files
from bench.seams import users
from bench.workload.phase import phase_files


def pieces_of(phases: Iterable[str], layouts: Iterable[str]) -> dict[str, str]:
    """Return the SHA-256 of the user's files among those of phases and layouts; what there is not has none."""
    rungs, tables = phase_files(), layout_files()
    paths = [rungs[name] for name in phases if name in rungs] + [tables[name] for name in layouts if name in tables]
    return users(paths)
