"""What a trial asks of Citus: rows, sizes and what the table is of the coordinator, the rest of each server.

Rows are looked for as people would, through the coordinator: it keeps none itself, and a query that names no single
``device_id`` asks every shard, so that one which is not on its worker any more is missed.
"""

from collections.abc import Collection, Sequence
from pathlib import Path

from bench.engines.engine import Arrived, Baseline, Grade
from bench.engines.postgresql import found
from bench.engines.postgresql.behind_session import BehindSession
from bench.engines.postgresql.layout import TableLayout
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.fingerprint import Fact, Unreadable
from bench.workload.messages import Result

WORKERS = 2
"""More would share the same processors, memory and disk."""
VERSION = "SELECT pg_catalog.citus_version()"
SIZES = """
    SELECT
        pg_catalog.citus_table_size('{schema}.events'),
        pg_catalog.citus_total_relation_size('{schema}.events') - pg_catalog.citus_table_size('{schema}.events')"""
DISTRIBUTED = """
    SELECT pg_catalog.column_to_column_name(logicalrelid, partkey) FROM pg_catalog.pg_dist_partition
    WHERE logicalrelid = pg_catalog.to_regclass('{schema}.events')"""
SHARDS = """
    SELECT shardid, nodeport
    FROM pg_catalog.pg_dist_shard JOIN pg_catalog.pg_dist_placement USING (shardid)
        JOIN pg_catalog.pg_dist_node USING (groupid)
    WHERE logicalrelid = pg_catalog.to_regclass('{schema}.events')
    ORDER BY shardid"""
# Else the catalogs of a worker show the table alone, and not its shards.
SHOW_SHARDS = "SET citus.override_table_visibility TO off"


class CitusSession(BehindSession):
    """A session with the coordinator, and one with each worker."""

    def wanted(self, layout: TableLayout) -> int:  # noqa: ARG002 - shards share workers
        """See ``BehindSession.wanted``."""
        return WORKERS

    def baseline(self) -> Baseline:
        """See ``Session.baseline``."""
        [(table, indexes)] = self.rows(self.qualified(SIZES))
        return Baseline(wal_segments=self.wal_segments(), table_bytes=int(table), index_bytes=int(indexes))

    def made(self) -> frozenset[str]:
        """See ``Session.made``."""
        lines = set(super().made())
        shards = self.rows(self.qualified(SHARDS))
        for (column,) in self.rows(self.qualified(DISTRIBUTED)):
            lines.add(f"events: distributed by {column} over {len(shards)} shards")
        ports = [server.endpoint("tcp").port for server in self.servers.in_use]
        workers = dict(zip(ports, self.behind, strict=True))
        for number, (shard, port) in enumerate(shards):
            lines |= {f"shard {number}: {line}" for line in made_of_shard(workers[port], shard)}
        return frozenset(lines)

    def found(self, results: Sequence[Result], seed: int, payload_bytes: int) -> Arrived:
        """See ``Session.found``; a transaction is one on each worker that it wrote to."""
        # In this order: the first sets the memory that the others sort in, too.
        return Arrived(
            writers=found.find(self),
            lost=found.find_lost(self, results),
            altered=found.find_altered(self, results, seed, payload_bytes),
            transactions=None,
        )

    def grades(
        self, layout: TableLayout, read_back: Collection[str], data: Path | Unreadable, of_clients: Sequence[str]
    ) -> list[Grade]:
        """See ``BehindSession.grades``; where a commit on several workers is in doubt, the coordinator decides."""
        own = TrialSession.grade(self, layout, read_back, data, of_clients)
        return [own, *super().grades(layout, read_back, data, of_clients)]

    def facts(self) -> dict[str, Fact]:
        """See ``Session.facts``."""
        facts = super().facts()
        version = str(self.value(VERSION)).partition(" on ")[0]
        return facts | {"version": f"{version} on {facts['version']}", "workers": WORKERS}


def made_of_shard(worker: TrialSession, shard: int) -> list[str]:
    """Return what a shard is by its worker's own word, in the lines that a layout reads back."""
    worker.run(SHOW_SHARDS)
    asked = worker.script("made").replace(".events'", f".events_{shard}'")
    return [line.replace(f"events_{shard}", "events") for (line,) in worker.rows(asked)]
