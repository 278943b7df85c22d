"""The numbers, names and words that plans and records are made of, with their bounds."""

import re
from typing import Annotated, Literal

from msgspec import Meta

MOST = 1 << 62
"""No run counts so far; sums and quotients of what is below stay within what a float holds."""
LONGEST_S = 1e12
"""No window lasts so long; what is written in it still fits a number."""
Positive = Annotated[int, Meta(ge=1, le=MOST)]
Count = Annotated[int, Meta(ge=0, le=MOST)]
Seconds = Annotated[float, Meta(ge=0, le=MOST)]
Amount = Annotated[float, Meta(ge=0, le=MOST)]
Rate = Annotated[float, Meta(gt=0, le=MOST)]
Share = Annotated[float, Meta(ge=0, le=1)]
Figure = Annotated[float, Meta(ge=-MOST, le=MOST)]
"""That a probe makes of its readings."""
MOMENT = r"^\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
Moment = Annotated[str, Meta(pattern=MOMENT)]
"""ISO 8601 with its offset."""
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=80)]
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""The whole of a ``Name``, where no JSON is read."""

Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
"""Of ISO 4217: EUR, KRW."""

Layout = Name
"""Of a file in ``bench/engines/postgresql/layouts``, or of the user's."""
Transport = Literal["tcp", "tls", "socket"]
EventLoop = Literal["asyncio", "uvloop"]
Reset = Literal["query", "none"]
"""What a pool does with a session that is given back."""
Arrivals = Literal["poisson", "even"]
"""How what is due at a rate follows each other: independently, or at equal distances."""
ReadKind = Literal["point", "recent"]
"""What readers beside the writers ask for: a row by its key, or the newest ones."""
Replica = Literal["none", "async", "local", "remote_write", "on", "remote_apply"]
"""What a commit waits for of a standby, by PostgreSQL's words: there is none; it waits for nothing of one that is not
synchronous (``async``), or is (``local``); until the standby has written, flushed (``on``) or replayed it."""
ReadersOn = Literal["primary", "standby"]
Covariate = Literal["client-cpu", "metronome", "steal", "others"]
"""What tells how fast the machine was: the clients' CPU time a row, that of a probe's fixed work, what a hypervisor
gave to others, and the cores that other programs used."""
Durability = Annotated[str, Meta(pattern=r"^(durable|may lose last \d+ ms|not crash-safe|in memory|unknown)$")]
Steady = Literal["flat", "warm-up", "slowdown", "no steady state", "not assessed"]
State = Literal["valid", "suspect", "void"]
Percentile = Literal["p50", "p90", "p99", "p999"]
