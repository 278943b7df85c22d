"""The ladder that pgladder sets out from, as its author published it: somebody else's numbers from another machine.

Shown beside ours as a landmark, never mixed with them: transport, durability, spread and length of the measurement
are not stated there.
"""

from dataclasses import dataclass

WHO = "published by its author (Intel N100)"
WHERE = "Intel N100, 4 cores, 16 GB, NVMe, PostgreSQL 15, Python 3.11"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One published rung; its "TPS" is rows a second."""

    phase: str
    rows_per_s: float


PUBLISHED = (
    Published(phase="1", rows_per_s=70),
    Published(phase="2", rows_per_s=175),
    Published(phase="2-B", rows_per_s=5_100),
    Published(phase="2-C", rows_per_s=17_400),
    Published(phase="2-D", rows_per_s=17_500),
)
