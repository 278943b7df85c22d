"""The probe ``replication``: how far standbys are behind the server, sampled while the window is open.

Owns what is asked of the server's WAL senders; whether a lag is too much is ``bench.validity.replica``'s to say. Of
several standbys it is the one that is furthest behind. Where none follows, its figures are null for that reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from bench.model.fingerprint import Unreadable
from bench.probes.probe import Asked, Probe, Scene

STATEMENT = """
    SELECT
        count(*),
        max(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), sender.replay_lsn))::float8,
        (1000 * extract(epoch FROM max(sender.replay_lag)))::float8
    FROM pg_catalog.pg_stat_get_wal_senders() AS sender
    WHERE sender.state IS NULL OR sender.state IN ('catchup', 'streaming')"""
"""Of the function beneath the view ``pg_stat_replication``, which joins it with two others."""
NEVER_LOOKED = Unreadable(unreadable="it was never looked at in the window")
NONE_FOLLOWS = Unreadable(unreadable="no standby follows this server")
NOT_SHOWN = Unreadable(unreadable="this user may not see how far standbys are (not in pg_read_all_stats)")
NOT_TIMED = Unreadable(unreadable="no standby replayed anything that was timed in the window")


@dataclass(frozen=True, slots=True)
class Sums:
    """What was seen so far; the most since it was last read."""

    looks: int = 0
    followed: int = 0
    """Looks that found a standby."""
    instants: int = 0
    """Of these, those that told how far it was."""
    lag_bytes: float = 0.0
    timed: int = 0
    """Of these, those that told for how long it was behind."""
    lag_ms: float = 0.0
    most_bytes: float = 0.0
    most_ms: float = 0.0
    last_bytes: float = 0.0
    """As it was seen last."""


class Replication(Probe):
    """Sums what is seen."""

    period = "second"
    figures = ("lag_bytes", "lag_bytes_max", "lag_bytes_end", "lag_ms", "lag_ms_max", "instants")

    def __init__(self, scene: Scene) -> None:
        """Begin to count."""
        del scene
        self._sums, self._lock = Sums(), Lock()

    def sample(self, server: Asked) -> None:
        """See ``Sampling.sample``."""
        [(standbys, behind, ms)] = server.rows(STATEMENT) or [(0, None, None)]
        # Another thread reads, and begins the most anew.
        with self._lock:
            self._sums = with_look(self._sums, standbys, behind, ms)

    def read(self) -> Mapping[str, float]:
        """Return the sums so far, and the most since they were last read."""
        with self._lock:
            now = self._sums
            self._sums = replace(now, most_bytes=0.0, most_ms=0.0)
        return {name: getattr(now, name) for name in Sums.__slots__}

    def summary(self, readings: Sequence[Any], span_s: float) -> Mapping[str, float | Unreadable]:
        """Return the mean lag, the most of it, and what it was last."""
        del span_s
        first, last = readings[0], readings[-1]
        looks, followed, instants, timed = (
            last[name] - first[name] for name in ("looks", "followed", "instants", "timed")
        )
        if not instants:
            why = NEVER_LOOKED if not looks else NOT_SHOWN if followed else NONE_FOLLOWS
            return dict.fromkeys(self.figures, why)
        later = readings[1:]
        return {
            "lag_bytes": (last["lag_bytes"] - first["lag_bytes"]) / instants,
            "lag_bytes_max": max(each["most_bytes"] for each in later),
            "lag_bytes_end": last["last_bytes"],
            "lag_ms": (last["lag_ms"] - first["lag_ms"]) / timed if timed else NOT_TIMED,
            "lag_ms_max": max(each["most_ms"] for each in later) if timed else NOT_TIMED,
            "instants": instants,
        }


def with_look(sums: Sums, standbys: int, behind: float | None, ms: float | None) -> Sums:
    """Return sums with one more look. Pure."""
    # What it has replayed is read a moment before where the WAL ends, or after.
    found = max(behind or 0.0, 0.0)
    return Sums(
        looks=sums.looks + 1,
        followed=sums.followed + (standbys > 0),
        instants=sums.instants + (behind is not None),
        lag_bytes=sums.lag_bytes + found,
        timed=sums.timed + (ms is not None),
        lag_ms=sums.lag_ms + (ms or 0.0),
        most_bytes=max(sums.most_bytes, found),
        most_ms=max(sums.most_ms, ms or 0.0),
        last_bytes=sums.last_bytes if behind is None else found,
    )


PROBE = Replication
