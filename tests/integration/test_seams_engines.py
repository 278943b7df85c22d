"""A phase may name its engine: in one run, in the same blocks, each rung is measured on a server of its own kind."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.integration.support import ONCE, Climb, added_folder, climbing, pgladder

PIECES = {
    "engines/beside.py": '''"""PostgreSQL with a second index on every table, in a cluster of its own."""

from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.engine import PostgreSQL
from bench.engines.postgresql.trial_session import TrialSession


class WithIndex(TrialSession):
    def reset(self, layout, preload_rows, payload_bytes):
        super().reset(layout, preload_rows, payload_bytes)
        self.run(self.qualified("CREATE INDEX ON {schema}.events (created_at)"))

    def made(self):
        return frozenset(line for line in super().made() if "events_created_at_idx" not in line)


class Beside(PostgreSQL):
    sessions = WithIndex

    def beside(self, own, home):
        return self.private(home, find_binaries())


ENGINE = Beside()
''',
    "layouts/indexed.sql": """-- plain, with an index on the time
-- engine: beside
-- baseline: plain
-- reads back: events: permanent table
-- reads back: events: column id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
-- reads back: events: column device_id bigint NOT NULL
-- reads back: events: column payload text NOT NULL
-- reads back: events: column created_at timestamp with time zone NOT NULL DEFAULT now()
-- reads back: events: PRIMARY KEY (id)
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
""",
    "phases/phase_3x.py": '''"""Phase 3-X: 2-C beside the plan's own engine."""

from dataclasses import replace

from bench.workload.phases.phase_2c import PHASE as PHASE_2C

PHASE = replace(PHASE_2C, engine="beside", layout="indexed", usual=False)
''',
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return added_folder(tmp_path_factory.mktemp("added"), PIECES)


@pytest.fixture(scope="module")
def both(new_place, folder) -> Climb:
    asked = ("--phases", "2-C", "3-X", "--blocks", 2, "--warm-up", 0.2, "--window", 1, *ONCE)
    with climbing(new_place(), *asked, env={"PGLADDER_PATH": str(folder)}) as climb:
        ended = climb.end()
        assert (ended.code, ended.err) == (0, "")
        return climb


def test_each_trial_is_measured_on_the_engine_of_its_rung_and_every_row_is_found(both):
    records = both.records()
    measured = sorted((record.trial.phase, record.engine, record.trial.layout) for record in records)
    assert measured == [("2-C", "postgresql", "plain")] * 2 + [("3-X", "beside", "indexed")] * 2
    for record in records:
        assert not record.void
        assert record.verified.found == record.verified.acknowledged > 0
        assert {reason.code for reason in record.validity.reasons}.isdisjoint({"table-altered", "table-unknown"})
    plain, indexed = (
        {record.start.index_bytes for record in records if record.engine == engine}
        for engine in ("postgresql", "beside")
    )
    assert [2 * size for size in plain] == list(indexed)


def test_its_records_carry_the_hashes_of_all_that_it_was_measured_with(both, folder):
    names = sorted(PIECES)
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names}
    assert {record.trial.phase: record.pieces for record in both.records()} == {"2-C": {}, "3-X": sums}


def test_the_fingerprint_has_the_server_of_each_engine(both):
    facts = both.directory.host().facts
    assert facts["engines"]["beside"]["version"] == facts["postgresql"]["version"]


def test_both_rungs_are_in_the_ladder_and_the_layouts_are_not_mistaken_for_one_another(both):
    [host] = json.loads(pgladder("ladder", both.directory.path, "--json", cwd=both.place).out)["hosts"]
    assert sorted(rung["phase"] for ladder in host["ladders"] for rung in ladder["rungs"]) == ["2-C", "3-X"]


def test_servers_and_their_directories_are_gone_at_the_end(both):
    assert not list(both.place.glob("**/made-by-pgladder"))


def test_an_engine_that_can_be_measured_alone_only_is_refused_beside_another(new_place, folder):
    (folder / "engines" / "alone.py").write_text("from bench.engines.postgresql.engine import ENGINE\n")
    (folder / "engines" / "alone.py").chmod(0o644)
    (folder / "phases" / "phase_3z.py").write_text(
        "from dataclasses import replace\nfrom bench.workload.phases.phase_2c import PHASE\n"
        'PHASE = replace(PHASE, engine="alone", usual=False)\n'
    )
    (folder / "phases" / "phase_3z.py").chmod(0o644)
    place = new_place()
    ended = pgladder(
        "run", "--phases", "3-Z", "--data-dir", place / "data", cwd=place, env={"PGLADDER_PATH": str(folder)}
    )
    assert ended.code == 2
    assert "Servers of this kind are measured alone: ask for it by --engine." in ended.err
    assert not (place / "data").exists()
