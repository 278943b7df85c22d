"""What the agent asks of ClickHouse: the same start, what it is made of, and rows that are not as they were written."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bench.agent.verify import check_commits_found, verify
from bench.engines.clickhouse.engine import managed, program
from bench.engines.clickhouse.server import STOCK
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.session import LayoutError, VariantError
from bench.model.fingerprint import Unreadable
from bench.model.table import Table
from bench.workload.clickhouse import ClickHouseError
from bench.workload.driver import StrayConnectionError
from bench.workload.drivers.clickhouse import DRIVER
from bench.workload.rows import ColumnSource, RowSource, first_stamp
from tests.builders import a_result
from tests.examples import one_of
from tests.integration.clickhouses import EMBEDDED, SERVER, environment

SEED, PAYLOAD = 7, 64
TABLE = Table(schema="pgladder")
LAYOUT = table_layout("merge-tree")


@pytest.fixture(scope="module", params=[SERVER, EMBEDDED])
def server(request, new_place):
    path = environment(request.param).get("PATH", "").partition(":")[0]
    server = managed(new_place(), program(Path(path)) if path else None)
    with closing(server):
        server.create(STOCK, tls=False)
        server.apply(STOCK)
        yield server


@pytest.fixture
def session(server):
    with closing(server.session()) as session:
        session.reset(LAYOUT, 0, PAYLOAD)
        yield session


def writing(server):
    """Connect as a client does."""
    endpoint = server.endpoint("tcp")
    connection = DRIVER.connect(endpoint)
    DRIVER.prove(connection, endpoint)
    return closing(connection)


def written(commits=3, batch=500, writer=1):
    return a_result(writer, acknowledged=commits * batch, commits=commits, attempted=commits * batch)


def found_after(server, *statements, commits=3, batch=500):
    """Write commits, do something to the table, and return the codes of what speaks against it."""
    with closing(server.session()) as session:
        session.reset(LAYOUT, 1000, PAYLOAD)
    with writing(server) as connection:
        source = RowSource(1, SEED, PAYLOAD)
        for _ in range(commits):
            connection.insert(TABLE.sql, source.take(batch))
        for statement in statements:
            connection.rows(statement)
    with closing(server.session()) as session:
        assert not isinstance(session.settle(), Unreadable)
        result = written(commits, batch)
        arrived = session.found([result], SEED, PAYLOAD)
    _, reasons = verify([result], arrived)
    reasons += check_commits_found(arrived, [result])
    return [reason.code for reason in reasons]


def test_rows_are_found_by_writer_and_number_each_insert_is_one_block_and_rows_of_before_count_for_nobody(server):
    assert found_after(server) == []


@pytest.mark.parametrize("batch", one_of(1, 100_000))
def test_one_row_or_a_hundred_thousand_make_one_block(server, batch):
    assert found_after(server, commits=2, batch=batch) == []


@pytest.mark.usefixtures("session")
def test_columns_arrive_as_rows_do(server):
    with writing(server) as connection:
        source = ColumnSource(1, SEED, PAYLOAD)
        for _ in range(2):
            connection.insert_columns(TABLE.sql, source.take(5000))
    with closing(server.session()) as session:
        result = written(2, 5000)
        arrived = session.found([result], SEED, PAYLOAD)
    assert verify([result], arrived)[1] == []
    assert arrived.transactions == 2


STAMP = first_stamp(1)
OF_ONE = f"FROM {TABLE.sql} WHERE device_id = {STAMP + 5}"


@pytest.mark.parametrize(
    ("planted", "codes"),
    one_of(
        # What does not fit is fitted without a word: a NULL, a stamp in 32 bits.
        (f"SELECT device_id, '' {OF_ONE}", ["rows-duplicated", "rows-altered"]),
        (f"SELECT toInt64(toInt32(device_id)), payload {OF_ONE}", ["rows-foreign"]),
        (f"SELECT device_id, payload {OF_ONE}", ["rows-duplicated"]),
        (f"SELECT {STAMP + 5000}, 'x'", ["rows-foreign"]),
    ),
)
def test_a_row_that_is_not_as_it_was_written_is_found(server, planted, codes):
    found = found_after(server, f"INSERT INTO {TABLE.sql} (device_id, payload) {planted}")
    assert set(codes) <= set(found)
    assert "transactions-mismatch" in found, "an INSERT that no client claims is one block more"


def test_rows_that_go_are_missed(server):
    move = f"INSERT INTO {TABLE.sql} (device_id, payload) SELECT device_id, payload FROM kept"
    keep = f"CREATE TABLE kept ENGINE = Memory AS SELECT device_id, payload FROM {TABLE.sql} WHERE device_id != {STAMP}"
    codes = found_after(server, keep, f"TRUNCATE TABLE {TABLE.sql}", move, "DROP TABLE kept")
    assert "rows-lost" in codes


def test_the_table_reads_back_as_it_was_asked_for_and_nothing_is_flushed(server, session):
    made = session.made()
    assert made == LAYOUT.reads_back
    grade = session.grade(LAYOUT, made, server.data_place(), ["0"])
    assert (grade.word, "flushed" in grade.because) == ("not crash-safe", True)
    assert session.grade(LAYOUT, made, server.data_place(), ["1"]).because.startswith("rows are acknowledged before")


def test_a_flush_takes_time_where_the_engine_knows_it_and_is_refused_where_it_does_not(server, session):
    flushed = table_layout("merge-tree-flushed")
    if session.version.startswith("18."):
        with pytest.raises(LayoutError, match="fsync_after_insert"):
            session.reset(flushed, 0, PAYLOAD)
        return
    session.reset(flushed, 0, PAYLOAD)
    made = session.made()
    assert made == flushed.reads_back
    assert session.grade(flushed, made, server.data_place(), ["0"]).word in ("durable", "unknown")
    assert session.flush_us() > 0
    assert session.made() == flushed.reads_back


@pytest.mark.usefixtures("session")
def test_a_connection_that_came_to_another_database_writes_nothing(server):
    endpoint = server.endpoint("tcp")
    elsewhere = closing(DRIVER.connect(replace(endpoint, database="default")))
    with elsewhere as connection, pytest.raises(StrayConnectionError, match="default"):
        DRIVER.prove(connection, endpoint)


def test_too_many_parts_are_told_with_what_to_do(server):
    one_part = "SETTINGS parts_to_throw_insert = 1, parts_to_delay_insert = 0"
    few = replace(LAYOUT, statements=f"{LAYOUT.statements} {one_part}")
    with closing(server.session()) as session:
        session.reset(few, 0, PAYLOAD)
    with writing(server) as connection:
        source = RowSource(1, SEED, PAYLOAD)
        connection.insert(TABLE.sql, source.take(1))
        with pytest.raises(ClickHouseError, match=r"too many parts \(code 252\).*--batch") as error:
            connection.insert(TABLE.sql, source.take(1))
        assert DRIVER.refused(error.value)
        with pytest.raises(ClickHouseError, match="too many parts"):
            connection.insert_columns(TABLE.sql, ColumnSource(2, SEED, PAYLOAD).take(10))


def test_inserts_that_were_slowed_are_a_doubt_where_the_server_counts_them(server):
    many = "SETTINGS parts_to_throw_insert = 1000, parts_to_delay_insert = 1, max_delay_to_insert = 1"
    with closing(server.session()) as session:
        session.reset(replace(LAYOUT, statements=f"{LAYOUT.statements} {many}"), 0, PAYLOAD)
        assert session.doubts() == ()
    with writing(server) as connection:
        source = RowSource(1, SEED, PAYLOAD)
        for _ in range(3):
            connection.insert(TABLE.sql, source.take(1))
    with closing(server.session()) as session:
        codes = [reason.code for reason in session.doubts()]
    assert codes == (["inserts-delayed"] if server.postmaster() else [])


def test_variants_of_postgresql_mean_nothing_to_it(server):
    with pytest.raises(VariantError, match="as it is"):
        server.apply(replace(STOCK, name="async-commit"))


def test_it_says_what_it_is_and_begins_again_with_nothing_after_trouble(server):
    with closing(server.session()) as session:
        session.reset(LAYOUT, 10, PAYLOAD)
        assert session.baseline().table_bytes > 0
        facts = session.facts()
    assert facts["version"].startswith("ClickHouse ")
    server.recover()
    with closing(server.session()) as session:
        assert session.made() == frozenset()
