"""One file in a folder of the user's own adds a rung or a layout: measured, told and compared as pgladder's own are."""

import hashlib
import json
from pathlib import Path

import pytest

from tests.integration.support import ONCE, Climb, added_folder, climbing, pgladder

TOY_PHASE = '''"""A toy: one row a commit, over one connection."""

from bench.model.plan import Parameters
from bench.workload.phase import SyncPhase


def open_once(connect):
    connection = connect()
    connection.autocommit = True
    return connection


def insert(connection, rows, table):
    with connection.cursor() as cursor:
        for row in rows:
            cursor.execute(f"INSERT INTO {table.sql} (device_id, payload) VALUES (%s, %s)", row)


PHASE = SyncPhase(method="a toy", parameters=Parameters(), open=open_once, insert=insert)
'''
TOY_LAYOUT = """-- a table that keeps room
-- baseline: plain
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50);
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return added_folder(tmp_path_factory.mktemp("added"), {"phases/toy.py": TOY_PHASE, "layouts/roomy.sql": TOY_LAYOUT})


@pytest.fixture(scope="module")
def climbed(new_place, folder) -> Climb:
    asked = ("--phases", "toy,2-C", "--layouts", "plain,roomy", "--blocks", 1, "--warm-up", 0.2, "--window", 1, *ONCE)
    with climbing(new_place(), *asked, env={"PGLADDER_PATH": str(folder)}) as climb:
        ended = climb.end()
        assert (ended.code, ended.err) == (0, "")
        yield climb


def test_a_toy_of_each_is_measured_and_its_record_carries_the_hash_of_its_file(climbed, folder):
    sums = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("phases/toy.py", "layouts/roomy.sql")
    }
    for record in climbed.records():
        wanted = {"phases/toy.py"} if record.trial.phase == "toy" else set()
        wanted |= {"layouts/roomy.sql"} if record.trial.layout == "roomy" else set()
        assert record.pieces == {name: sums[name] for name in wanted}
        assert record.rows > 0
        assert record.verified.found == record.verified.acknowledged
        codes = {reason.code for reason in record.validity.reasons}
        assert ("table-unknown" in codes) == (record.trial.layout == "roomy")


def test_a_toy_is_told_in_the_table_in_json_and_on_the_page_also_where_its_folder_is_not_named(climbed):
    path, place = climbed.directory.path, climbed.place
    assert "toy" in pgladder("ladder", path, cwd=place).out
    [host] = json.loads(pgladder("ladder", path, "--json", cwd=place).out)["hosts"]
    assert {(ladder["layout"], rung["phase"]) for ladder in host["ladders"] for rung in ladder["rungs"]} == {
        (layout, phase) for layout in ("plain", "roomy") for phase in ("toy", "2-C")
    }
    pgladder("report", path, "--out", place / "page.html", cwd=place)
    page = (place / "page.html").read_text()
    assert "toy" in page
    assert "roomy" in page


def test_a_toy_layout_is_compared_with_the_plain_one(climbed):
    report = json.loads(pgladder("compare", climbed.directory.path, "--json", cwd=climbed.place).out)
    assert report["across"] == "layout"
    assert {cell["phase"]: [pair["candidate"] for pair in cell["pairs"]] for cell in report["cells"]} == {
        "2-C": ["roomy"],
        "toy": ["roomy"],
    }
    assert all(pair["settled"]["blocks"] == 1 for cell in report["cells"] for pair in cell["pairs"])


@pytest.mark.parametrize("open_to", [0o775, 0o757])
def test_a_folder_that_others_may_write_to_is_refused(tmp_path, open_to):
    (tmp_path / "added").mkdir()
    (tmp_path / "added").chmod(open_to)
    ended = pgladder("run", "--phases", "2-C", cwd=tmp_path, env={"PGLADDER_PATH": str(tmp_path / "added")})
    assert ended.code == 2
    assert "may be changed by others" in ended.err
