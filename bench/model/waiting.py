"""What a session of PostgreSQL is in, by its wait event: one table for who looks and for who reads the samples.

Source: PostgreSQL manuals 13 to 18, 27.2.3 (28.2.3), Wait Events; a test holds the names against ``pg_wait_events``.
"""

from collections.abc import Mapping

OWN = "own"
"""A session of the run's clients."""
RUNNING = "running"
FLUSHES = "io:walsync"
STATES = (
    "wal_flush", "wal_write", "lock", "extend", "lwlock", "data_io", "client_write", "running", "idle", "other",
)  # fmt: skip
"""What one of the run's own sessions is in at an instant: one of these."""
STATE_BY_EVENT = {
    "client:clientread": "idle",  # in a COPY, too: its client has not yet sent what comes next
    "client:clientwrite": "client_write",
    "io:walsync": "wal_flush",
    "lwlock:walwrite": "wal_flush",  # held by the session that flushes for all that wait
    "lwlock:walinsert": "wal_write",
    "lwlock:walbufmapping": "wal_write",
    "lock:extend": "extend",
    "lwlock:buffercontent": "extend",
    "timeout:spindelay": "lwlock",
    "ipc:bufferio": "data_io",  # another session's
}
STATE_BY_KIND = {"lock": "lock", "lwlock": "lwlock", "bufferpin": "lock", "io": "data_io"}


def own_by_state(seen: Mapping[str, int]) -> dict[str, int]:
    """Return how often the run's own sessions were seen in each state; ``seen`` counts who and event."""
    found = dict.fromkeys(STATES, 0)
    for key, count in seen.items():
        who, _, event = key.partition(" ")
        if who == OWN:
            found[state_of(event)] += count
    return found


def state_of(event: str) -> str:
    """Return what a session is in.

    >>> [state_of(event) for event in ("running", "IO:WALSync", "IO:WalWrite", "LWLock:ProcArray", "Lock:advisory")]
    ['running', 'wal_flush', 'wal_write', 'lwlock', 'lock']

    """
    # From 17 on some are written otherwise (WalSync).
    event = event.lower()
    if event == RUNNING:
        return RUNNING
    if event.startswith("io:wal") and event != FLUSHES:
        return "wal_write"
    kind = event.partition(":")[0]
    return STATE_BY_EVENT.get(event) or STATE_BY_KIND.get(kind, "other")
