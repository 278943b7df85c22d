"""A row that arrived holds what was written: the server compares each payload's hash with that of its stamp."""

from contextlib import closing

import pytest
from psycopg2.extras import execute_values

from bench.engines.postgresql.found import find_altered
from bench.engines.postgresql.layout import table_layout
from bench.workload.rows import RowSource, first_stamp
from tests.builders import a_result
from tests.integration.support import climbing, stock_server
from tests.integration.test_external_server import passwords

SEED = 7
OVERWRITE = """
    CREATE FUNCTION overwrite() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.payload := repeat('x', length(NEW.payload)); RETURN NEW; END $$"""


@pytest.fixture(scope="module")
def server(new_place):
    with stock_server(new_place()) as made:
        yield made


@pytest.fixture
def session(server):
    with closing(server.session()) as session:
        yield session


def write(session, rows_of, payload_bytes=64, layout="plain"):
    """Write what the writers would, by their numbers, and return what they would report."""
    session.run("CREATE SCHEMA IF NOT EXISTS pgladder")
    session.reset(table_layout(layout), 10, payload_bytes)
    with session.connection.cursor() as cursor:
        for writer, rows in rows_of.items():
            taken = RowSource(writer, SEED, payload_bytes).take(rows)
            execute_values(cursor, "INSERT INTO pgladder.events (device_id, payload) VALUES %s", taken)
    return [a_result(writer, rows) for writer, rows in rows_of.items()]


@pytest.mark.parametrize(
    ("payload_bytes", "layout"), [(1, "plain"), (4, "plain"), (64, "plain"), (64, "hash-partitioned"), (3000, "plain")]
)
def test_rows_as_they_were_written_are_not_altered(session, payload_bytes, layout):
    results = write(session, {1: 5000 if payload_bytes < 1000 else 50, 2: 30}, payload_bytes, layout)
    assert find_altered(session, results, SEED, payload_bytes) == {}


def test_one_payload_of_the_same_length_is_found(session):
    results = write(session, {1: 5000, 2: 100})
    session.run(f"UPDATE pgladder.events SET payload = reverse(payload) WHERE device_id = {first_stamp(2) + 3}")
    assert find_altered(session, results, SEED, 64) == {2: 1}


def test_payloads_that_changed_places_are_found(session):
    results = write(session, {1: 5000})
    first = first_stamp(1)
    session.run(
        f"UPDATE pgladder.events SET device_id = {2 * first + 1} - device_id WHERE device_id IN ({first}, {first + 1})"
    )
    assert find_altered(session, results, SEED, 64) == {1: 2}


def test_rows_of_another_seed_are_all_another(session):
    results = write(session, {1: 100})
    assert find_altered(session, results, SEED + 1, 64) == {1: 100}


def test_a_writer_that_wrote_nothing_has_nothing_altered(session):
    assert find_altered(session, write(session, {1: 0}), SEED, 64) == {}


def test_a_trigger_that_overwrites_payloads_for_a_while_voids_the_trial(theirs, place):
    with climbing(place, "--phases", "1-B", "--warm-up", "0.2", "--window", "4", "--blocks", "1", "--dsn", theirs.dsn(),
                  env=passwords(place)) as climb:  # fmt: skip
        theirs.wait_inserting()
        [(schema,)] = theirs.ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pgladder\\_%'", "shop")
        theirs.ask(f"SET search_path TO {schema}; {OVERWRITE}", "shop")
        at = f"TRIGGER overwrites BEFORE INSERT ON {schema}.events"
        theirs.ask(f"CREATE {at} FOR EACH ROW EXECUTE FUNCTION {schema}.overwrite()", "shop")
        theirs.ask("SELECT pg_sleep(0.5)")
        theirs.ask(f"DROP TRIGGER overwrites ON {schema}.events; DROP FUNCTION {schema}.overwrite()", "shop")
        climb.end()
        [record] = climb.records()
    assert record.validity.state == "void"
    details = {reason.code: reason.detail for reason in record.validity.reasons}
    assert details["rows-altered"].endswith("rows hold another payload than was written")
    assert "table-altered" not in details
