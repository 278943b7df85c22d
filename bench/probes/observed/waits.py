"""The probe ``waits``: what the server's processes wait for, sampled while the window is open.

Owns what is asked of the server's activity; ``model.waiting`` what its wait events mean. The session that it asks by
began before the clients': those of the same role, database and name that began later are the run's own. Its figures are
mean numbers of these at an instant: divided by commits a second, seconds a commit (Little's law).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bench.model.fingerprint import Unreadable
from bench.model.waiting import FLUSHES, OWN, RUNNING, STATES, own_by_state
from bench.probes.probe import Asked, Probe, Scene

HIDDEN = "hidden"
"""What we may not see of: without pg_read_all_stats a process of another role, or of none, shows its number alone."""
FLUSHING = "flushing"
STATEMENT = f"""
    SELECT
        CASE
            WHEN each.usesysid = mine.usesysid AND each.datid = mine.datid AND each.application_name = 'pgladder'
                AND each.backend_start > mine.backend_start THEN '{OWN}'
            ELSE coalesce(each.backend_type, '{HIDDEN}')
        END AS who,
        coalesce(each.wait_event_type || ':' || each.wait_event, '{RUNNING}') AS event,
        count(*)
    FROM
        pg_catalog.pg_stat_get_activity(NULL) AS each,
        pg_catalog.pg_stat_get_activity(pg_catalog.pg_backend_pid()) AS mine
    WHERE each.pid <> mine.pid
    GROUP BY who, event"""  # noqa: S608 - of words of ours
"""Of the function beneath the view ``pg_stat_activity``: planning the view alone took twice as long as all of this
(0.6 ms against 0.2 ms of the server's CPU, PostgreSQL 15, 57 sessions)."""

OF_SERVER = ("flushing", "checkpointing", "autovacuum")
AT_WORK_UNLESS = "Activity:"
"""Kind of the events in which a process of the server's sleeps until there is work."""

NEVER_LOOKED = Unreadable(unreadable="it was never looked at in the window")
NONE_SEEN = Unreadable(unreadable="no session named pgladder was seen that began with the clients")
NOT_SHOWN = Unreadable(unreadable="this user may not see the server's own processes (not in pg_read_all_stats)")


class Waits(Probe):
    """Counts what is seen, by who and event."""

    period = "second"
    figures = (*STATES, "backends", "instants", *OF_SERVER)

    def __init__(self, scene: Scene) -> None:
        """Begin to count."""
        del scene
        self._so_far = 0, Counter[str]()
        """Replaced as one: another thread reads it."""

    def sample(self, server: Asked) -> None:
        """See ``Sampling.sample``."""
        instants, seen = self._so_far
        now = Counter[str]()
        for who, event, count in server.rows(STATEMENT):
            now[f"{who} {event}"] += count
            if event.lower() == FLUSHES:
                now[FLUSHING] = 1
        self._so_far = instants + 1, seen + now

    def read(self) -> Mapping[str, Any]:
        """Return how often was looked so far, and what was seen."""
        instants, seen = self._so_far
        return {"instants": instants, "seen": dict(seen)}

    def summary(self, readings: Sequence[Any], span_s: float) -> Mapping[str, float | Unreadable]:
        """Return mean numbers of sessions, and how much of the time the server was at work by itself."""
        del span_s
        first, last = readings[0], readings[-1]
        instants = last["instants"] - first["instants"]
        if not instants:
            return dict.fromkeys(self.figures, NEVER_LOOKED)
        seen = Counter[str](last["seen"])
        seen.subtract(first["seen"])
        return {"instants": instants, **of_own(seen, instants), **of_server(seen, instants)}


def of_own(seen: Mapping[str, int], instants: int) -> dict[str, float | Unreadable]:
    """Return how many of the run's own sessions there were at an instant, on average, by what they were in."""
    found = own_by_state(seen)
    backends = sum(found.values())
    if not backends:
        return dict.fromkeys((*STATES, "backends"), NONE_SEEN)
    figures: dict[str, float | Unreadable] = {"backends": backends / instants}
    for state, count in found.items():
        figures[state] = count / instants
    return figures


def of_server(seen: Mapping[str, int], instants: int) -> dict[str, float | Unreadable]:
    """Return how much of the time WAL was flushed and a checkpoint made, and how many vacuumed by themselves."""
    if any(key.startswith(HIDDEN) and count for key, count in seen.items()):
        return dict.fromkeys(OF_SERVER, NOT_SHOWN)
    checkpointing = vacuuming = 0
    for key, count in seen.items():
        if key.startswith("checkpointer ") and AT_WORK_UNLESS not in key:
            checkpointing += count
        if key.startswith("autovacuum worker "):
            vacuuming += count
    flushing = seen.get(FLUSHING, 0)
    return dict(zip(OF_SERVER, (flushing / instants, checkpointing / instants, vacuuming / instants), strict=True))


PROBE = Waits
