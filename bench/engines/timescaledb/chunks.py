"""Chunks of a hypertable: over how long one lasts, and what of their making is no change of the table. Pure but memory.

The rule is the vendor's: the indexes of the chunks that are written to fit into a quarter of main memory
(https://www.tigerdata.com/docs/learn/hypertables/sizing-hypertable-chunks). One chunk is written to here.
"""

import re
from collections.abc import Collection, Iterable

from bench.engines.postgresql.staging import memory_left_to_us

LIBRARY = "timescaledb"
SHARE_OF_MEMORY = 0.25
ROWS_PER_S = 400_000
"""What a fast box writes by COPY at most (``bench.plan.estimate``): a slower one fills its chunks the less."""
INDEX_BYTES_PER_ROW = 54
"""Of the key (id, created_at), 31.6 bytes, and an index of one value of 8 bytes, 22.5, as the default one is at most:
measured with 300,000 rows of one writer (2.19.3 on PostgreSQL 17.12)."""
DEFAULT_S = 7 * 86_400
"""TimescaleDB's own, where the server's memory can't be seen."""
CHUNK = re.compile(r"(?P<chunk>_hyper_\d+_\d+_chunk): (?P<what>.*)")
IDENTITY = " GENERATED ALWAYS AS IDENTITY"


def memory_bytes() -> int:
    """Return the main memory of this machine, or what its control group leaves of it."""
    return memory_left_to_us()[0]


def interval_s(memory: int | None) -> int:
    """Return over how many seconds a chunk lasts, for so many bytes of memory; None: it is not known.

    >>> from bench.engines.timescaledb.chunks import interval_s
    >>> interval_s(16 << 30), interval_s(None)
    (199, 604800)
    """
    if memory is None:
        return DEFAULT_S
    return max(round(SHARE_OF_MEMORY * memory / (ROWS_PER_S * INDEX_BYTES_PER_ROW)), 1)


def without_chunks(lines: Iterable[str]) -> frozenset[str]:
    """Return what a hypertable is, without its chunks as long as each is like it; and without its own trigger.

    A chunk that is anything else than the table it is of stays, and so does what it lacks of the key.
    """
    own = [line for line in lines if not CHUNK.fullmatch(line) and line != "events: trigger ts_insert_blocker"]
    made = {line.removeprefix("events: ") for line in own}
    of_chunks: dict[str, set[str]] = {}
    for line in lines:
        if found := CHUNK.fullmatch(line):
            of_chunks.setdefault(found["chunk"], set()).add(found["what"])
    strange = []
    for chunk, there in of_chunks.items():
        strange += [f"{chunk}: {what}" for what in there if not _is_like(chunk, what, made)]
        keys = {what for what in made if what.startswith("PRIMARY KEY")}
        strange += [f"{chunk}: no {key}" for key in keys - there]
    return frozenset((*own, *strange))


def _is_like(chunk: str, what: str, made: Collection[str]) -> bool:
    """Return whether a line of a chunk says no more than that it is one of this hypertable."""
    if what.startswith("CHECK ((("):  # its part of the time
        return "created_at >=" in what and "created_at <" in what
    if what.startswith(f"index {chunk}_"):
        return f"index {what.removeprefix(f'index {chunk}_')}" in made
    return what in {line.replace(IDENTITY, "") for line in made} | set(made)
