"""The cases: what is planted, in which phase, by which file or option, and which names of it count as right.

Adding a case is adding an entry. A plant is made of what every user has: options, a layout, a phase or a variant of
one's own, a program beside.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

TABLE = """
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
"""
TRIGGER = """
CREATE OR REPLACE FUNCTION {schema}.planted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN BODY RETURN NEW; END $$;
CREATE TRIGGER planted BEFORE INSERT ON {schema}.events FOR EACH ROW EXECUTE FUNCTION {schema}.planted();
"""
COUNTED = """
CREATE TABLE IF NOT EXISTS {schema}.counted (n bigint);
TRUNCATE {schema}.counted;
INSERT INTO {schema}.counted VALUES (0);
"""
INDEX = "CREATE INDEX ON {schema}.events (payload, device_id, created_at, id);\n"
PHASE = '''"""{words}"""

import time
from dataclasses import replace

from bench.workload.phases.phase_2b import PHASE as GATHER


async def insert(connection, rows, table):
    {body}
    await GATHER.insert(connection, rows, table)


PHASE = replace(GATHER, method="planted", insert=insert)
'''


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One planted limit."""

    right: frozenset[str]
    """Names that count as right where they come first."""
    phase: str = "2-B"
    options: Sequence[str] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """Of a folder of ``PGLADDER_PATH``, by their place in it."""
    variant: str = ""
    """Lines of a variant of one's own; none: ``stock``."""
    flush_ms: int = 0
    """So much longer each flush takes; by a library before the server's own, which takes a C compiler."""
    hogs: int = 0
    """So many programs that only burn CPU beside."""
    quota: bool = False
    """Whether clients and server have two fifths of a processor; by a control group, which takes root."""
    innocents: frozenset[str] = frozenset()
    """Names that can't be a limit there: a conviction of one is wrong."""


def layout(words: str, more: str) -> dict[str, str]:
    """Return the file of a layout ``planted``: the plain table and more."""
    return {"layouts/planted.sql": f"-- {words}\n-- baseline: plain{TABLE}{more}"}


def trigger(words: str, body: str, before: str = "") -> dict[str, str]:
    """Return the file of a layout whose rows pass a trigger."""
    return layout(words, before + TRIGGER.replace("BODY", body))


def phase(words: str, body: str) -> dict[str, str]:
    """Return the file of a phase ``planted`` that does something before each insert."""
    return {"phases/planted.py": PHASE.format(words=words, body=body)}


PLANTED = ("--layouts", "planted")
STORM = """
autovacuum_naptime = 1s
autovacuum_vacuum_insert_threshold = 1
autovacuum_vacuum_insert_scale_factor = 0
autovacuum_analyze_threshold = 1
autovacuum_analyze_scale_factor = 0
autovacuum_vacuum_cost_delay = 0
default_statistics_target = 10000
"""
CASES: Mapping[str, Case] = {
    "connect-each": Case(phase="1", right=frozenset({"connecting"}), innocents=frozenset({"locks", "index"})),
    "pool-of-1": Case(
        options=("--pool-min", "1", "--pool-max", "1"),
        right=frozenset({"pool"}),
        innocents=frozenset({"locks", "index"}),
    ),
    "pool-of-5": Case(
        options=("--pool-min", "5", "--pool-max", "5"),
        right=frozenset({"pool", "reset-query"}),
        innocents=frozenset({"autovacuum"}),
    ),
    "sequential": Case(phase="2", right=frozenset({"round-trips", "reset-query"}), innocents=frozenset({"locks"})),
    "slow-flush-1ms": Case(
        flush_ms=1, phase="1-B", right=frozenset({"wal-flush"}), innocents=frozenset({"locks", "autovacuum"})
    ),
    "slow-flush-5ms": Case(
        flush_ms=5, phase="1-B", right=frozenset({"wal-flush"}), innocents=frozenset({"locks", "index"})
    ),
    "slow-flush-20ms": Case(
        flush_ms=20, phase="2-C", right=frozenset({"wal-flush"}), innocents=frozenset({"locks", "index"})
    ),
    "commit-delay": Case(
        variant="commit_delay = 20000\ncommit_siblings = 0\n",
        phase="2-C",
        right=frozenset({"wal-flush"}),
        innocents=frozenset({"locks", "index"}),
    ),
    "advisory-lock": Case(
        files=trigger("an advisory lock", "PERFORM pg_advisory_xact_lock(7);"),
        options=PLANTED,
        right=frozenset({"locks"}),
    ),
    "hot-row": Case(
        files=trigger("a counter in one row", "UPDATE {schema}.counted SET n = n + 1;", COUNTED),
        options=PLANTED,
        right=frozenset({"locks"}),
    ),
    "server-cpu": Case(
        files=trigger("a trigger that computes", "PERFORM count(*) FROM generate_series(1, 5000);"),
        options=PLANTED,
        phase="2-C",
        right=frozenset({"server-cpu"}),
        innocents=frozenset({"wal-flush", "locks"}),
    ),
    "blocked-loop": Case(
        phase="planted",
        files=phase("Blocks its event loop.", "time.sleep(0.003)"),
        right=frozenset({"event-loop"}),
        innocents=frozenset({"index", "locks", "wal-flush"}),
    ),
    "client-cpu": Case(
        phase="planted",
        files=phase("Computes before each insert.", "sum(range(60000))"),
        right=frozenset({"client-cpu"}),
        innocents=frozenset({"index", "locks", "wal-flush"}),
    ),
    "cpu-hog": Case(phase="2-C", hogs=6, right=frozenset({"other-programs"})),
    "large-payload": Case(
        phase="2-C",
        options=("--payload-bytes", "50000"),
        right=frozenset({"wal-write", "wal-flush", "server-cpu", "client-cpu", "data-io"}),
    ),
    "small-wal-buffers": Case(
        variant="wal_buffers = 32kB\n",
        phase="2-G",
        right=frozenset({"wal-write", "wal-flush", "server-cpu", "client-cpu"}),
    ),
    "small-max-wal-size": Case(
        variant="max_wal_size = 32MB\nmin_wal_size = 32MB\n",
        phase="2-G",
        right=frozenset({"checkpoints", "wal-flush", "data-io", "wal-write"}),
    ),
    "ten-indexes": Case(
        phase="2-C",
        files=layout("ten indexes more", 10 * INDEX),
        options=PLANTED,
        right=frozenset({"index", "server-cpu"}),
    ),
    "free-flush": Case(
        variant="fsync = off\n",
        phase="2-C",
        right=frozenset({"client-cpu", "server-cpu", "round-trips", "reset-query", "unexplained"}),
        innocents=frozenset({"wal-flush"}),
    ),
    "reset-query": Case(
        variant="synchronous_commit = off\n", phase="2", right=frozenset({"reset-query", "round-trips", "client-cpu"})
    ),
    "tls": Case(
        phase="1",
        options=("--transports", "tls"),
        right=frozenset({"connecting", "tls"}),
        innocents=frozenset({"locks", "index"}),
    ),
    "autovacuum-storm": Case(variant=STORM, phase="2-G", right=frozenset({"autovacuum", "server-cpu"})),
    "quota": Case(quota=True, right=frozenset({"cpu-quota"}), innocents=frozenset({"locks", "index"})),
    # Nothing is planted: whatever comes first is right, and what is not in the way of it must not be proved.
    "control": Case(
        phase="2-D", right=frozenset(), innocents=frozenset({"pool", "tls", "cpu-quota", "autovacuum", "heat"})
    ),
}
