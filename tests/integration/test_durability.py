"""What is promised of a server that keeps nothing: the word is not durable, or the trial is void or doubted."""

import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.agent.run import execute
from bench.model.fingerprint import Fingerprint, Unreadable
from bench.store.run_directory import RunDirectory
from tests.builders import a_plan, a_trial
from tests.examples import one_of
from tests.grades import assert_graded
from tests.integration.support import BRIEF, LEAVE_LABS, Theirs, as_root, climbing, stock_server
from tests.integration.test_external_server import passwords

MEMORY = "/dev/shm"
PRELOADED = "libeatmydata.so"
"""Debian's libeatmydata1: fsync and fdatasync return at once."""
OVERLAY = f"""
{LEAVE_LABS}
mount -t overlay overlay -o "lowerdir=$1/lower,upperdir=$2/upper,workdir=$2/work" "$1/data"
mount -t tmpfs tmpfs "$2"
shift 2
exec "$@"
"""
"""As in a container: its tree is an overlay, and the directory that it writes to is not in that tree."""
ONE = ("--phases", "1-B", *BRIEF, "--blocks", "1")


@pytest.fixture(scope="module")
def server(new_place):
    """Start somebody's server that does flush."""
    server = Theirs(new_place())
    try:
        server.ask("ALTER SYSTEM SET fsync = on")
        server.ask("SELECT pg_reload_conf()")
        yield server
    finally:
        server.control("stop")


def records(server, place, layout="plain", blocks=1):
    """Measure it, once a block."""
    asked = ("--phases", "1-B", *BRIEF, "--blocks", blocks, "--layouts", layout, "--dsn", server.dsn())
    with climbing(place, *asked, env=passwords(place)) as climb:
        ended = climb.end()
        assert ended.code in (0, 1), ended.err
        return climb.records()


class Quiet:
    """A listener that tells nobody."""

    def begins(self, trial, number, of): ...

    def ended(self, record): ...

    def report(self, sentence): ...


def codes(record):
    return [reason.code for reason in record.validity.reasons]


def detail(record, code):
    return next(reason.detail for reason in record.validity.reasons if reason.code == code)


def move(directory, to):
    """Move it to another file system, owners and all."""
    subprocess.run(["cp", "-a", directory, to], check=True)
    shutil.rmtree(directory)


@contextmanager
def event_trigger(server, deeds):
    """Have somebody's event trigger alter each table as it is made: the first by the first deed, and so on."""
    listed = ", ".join(f"$do${deed}$do$" for deed in deeds)
    body = f"""
        CREATE SEQUENCE public.made;
        GRANT USAGE ON SEQUENCE public.made TO ann;
        CREATE FUNCTION meddle() RETURNS event_trigger LANGUAGE plpgsql AS $meddle$
        DECLARE made record;
        BEGIN
            FOR made IN SELECT * FROM pg_event_trigger_ddl_commands() WHERE object_identity LIKE 'pgladder%.events' LOOP
                EXECUTE format((ARRAY[{listed}])[nextval('public.made')::integer], made.object_identity);
            END LOOP;
        END $meddle$;
        CREATE EVENT TRIGGER meddles ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION meddle()"""
    server.ask(body, "shop")
    try:
        yield
    finally:
        server.ask("DROP EVENT TRIGGER meddles; DROP FUNCTION meddle(); DROP SEQUENCE public.made", "shop")
        server.ask("DROP PUBLICATION IF EXISTS meddlers", "shop")


# --- what it lies on -------------------------------------------------------------------------------------------------


def test_data_in_memory_is_not_called_durable(new_place):
    place = new_place(MEMORY)
    with climbing(place, *ONE) as climb:
        assert climb.end().code in (0, 1)
        [record] = climb.records()
    assert (record.durability, record.durability_because) == ("in memory", "the data lies on tmpfs")


def test_wal_in_memory_is_not_called_durable(server, new_place, place):
    wal, there = new_place(MEMORY) / "wal", server.data / "pg_wal"
    server.control("stop")
    move(there, wal)
    there.symlink_to(wal)
    server.control("start")
    try:
        [record] = records(server, place)
    finally:
        server.control("stop")
        there.unlink()
        move(wal, there)
        server.control("start")
    assert (record.durability, record.durability_because) == ("in memory", "pg_wal lies on tmpfs")


@pytest.mark.slow
def test_a_tablespace_in_memory_is_not_called_durable(server, new_place, place):
    directory = new_place(MEMORY) / "space"
    directory.mkdir()
    shutil.chown(directory, server.data.stat().st_uid, server.data.stat().st_gid)
    server.ask(f"CREATE TABLESPACE ram LOCATION '{directory}'")
    server.ask("GRANT CREATE ON TABLESPACE ram TO ann; ALTER DATABASE shop SET default_tablespace = ram")
    try:
        [record] = records(server, place)
    finally:
        server.ask("ALTER DATABASE shop RESET default_tablespace")
        server.ask("DROP TABLESPACE ram")
    assert (record.durability, record.durability_because) == ("in memory", "the table's tablespace lies on tmpfs")
    assert "table-altered" not in codes(record)


def test_a_server_on_a_disk_is_called_durable_and_one_where_no_disk_is_seen_is_not(server, place):
    [record] = records(server, place)
    assert_graded((record.durability, record.durability_because), server.data)
    assert not {"table-altered", "no-flush", "flush-rate"} & set(codes(record))


@as_root
def test_data_on_an_overlay_that_does_not_show_where_it_writes_to_is_not_called_durable(new_place):
    place, memory = new_place(), new_place(MEMORY)
    for directory in (place / "data", place / "lower", memory / "upper", memory / "work"):
        directory.mkdir()
    with climbing(place, *ONE, prefix=["unshare", "--mount", "sh", "-c", OVERLAY, "sh", place, memory]) as climb:
        assert climb.end().code in (0, 1)
        [record] = climb.records()
    assert record.durability == "unknown"
    assert record.durability_because.endswith(" is on an overlay: what is under it can't be seen from here")


# --- what its sessions are set to ------------------------------------------------------------------------------------


def test_a_role_that_does_not_wait_for_its_flushes_is_graded_by_what_it_may_lose(server, place):
    server.ask("ALTER ROLE ann SET synchronous_commit = off")
    try:
        [record] = records(server, place)
    finally:
        server.ask("ALTER ROLE ann RESET synchronous_commit")
    assert record.durability == "may lose last 600 ms"
    assert record.durability_because == "synchronous_commit is off"


@pytest.mark.slow
def test_a_role_that_stops_waiting_meanwhile_is_not_called_durable(server, place):
    with climbing(place, "--phases", "1-B", "--warm-up", "0.2", "--window", "3", "--blocks", "1", "--dsn", server.dsn(),
                  env=passwords(place)) as climb:  # fmt: skip
        server.wait_inserting()
        server.ask("ALTER ROLE ann SET synchronous_commit = off")
        try:
            climb.end()
        finally:
            server.ask("ALTER ROLE ann RESET synchronous_commit")
        [record] = climb.records()
    assert record.durability != "durable"


# --- what the table is made into -------------------------------------------------------------------------------------


MADE_ANOTHER = {
    "ALTER TABLE %s SET UNLOGGED": "it has events: unlogged table; it lacks events: permanent table",
    "ALTER TABLE %s DROP CONSTRAINT events_pkey": "it lacks events: PRIMARY KEY (id)",
    "CREATE INDEX meddlers ON %s (device_id)": "it has events: index meddlers",
    "CREATE TRIGGER meddles BEFORE UPDATE ON %s EXECUTE FUNCTION suppress_redundant_updates_trigger()":
        "it has events: trigger meddles",
    "ALTER TABLE %s SET (fillfactor = 10)": "it has events: WITH (fillfactor=10)",
    "ALTER TABLE %s ALTER payload SET DEFAULT repeat('-', 9)": "it has events: column payload text NOT NULL DEF",
    "ALTER TABLE %s ALTER payload SET STORAGE external": "it has events: column payload STORAGE EXTERNAL",
    "ALTER TABLE %s ALTER payload SET COMPRESSION pglz": "it has events: column payload COMPRESSION pglz",
    "ALTER TABLE %s ALTER id SET CACHE 50": "it has events: identity CACHE 50 INCREMENT 1",
    "ALTER TABLE %s REPLICA IDENTITY FULL": "it has events: REPLICA IDENTITY FULL",
    "CREATE STATISTICS meddlers ON id, device_id FROM %s": "it has events: statistics meddlers",
    "CREATE PUBLICATION meddlers FOR TABLE %s": "it has events: publication meddlers",
}  # fmt: skip
"""What somebody's event trigger makes of a table, and how it is told."""
LEFT_ALONE = "COMMENT ON TABLE %s IS 'seen'"


@pytest.fixture(scope="module")
def meddled(server, new_place):
    """What is recorded of a trial of each deed: one run, a deed a block."""
    deeds = [*MADE_ANOTHER, LEFT_ALONE]
    with event_trigger(server, deeds):
        found = records(server, new_place(), blocks=len(deeds))
    return dict(zip(deeds, found, strict=True))


@pytest.mark.parametrize("does", MADE_ANOTHER)
def test_a_table_that_is_made_another_voids_the_trial_by_name(meddled, does):
    record = meddled[does]
    assert record.validity.state == "void"
    assert MADE_ANOTHER[does] in detail(record, "table-altered")
    assert detail(record, "table-altered").startswith("at the start of the trial")
    assert record.rows == 0


def test_an_event_trigger_that_leaves_the_table_alone_voids_nothing(meddled):
    record = meddled[LEFT_ALONE]
    assert record.validity.state != "void", record.validity.reasons


def test_a_role_that_quotes_all_names_voids_nothing(server, place):
    server.ask("ALTER ROLE ann SET quote_all_identifiers = on")
    try:
        found = records(server, place, "plain,hash-partitioned")
    finally:
        server.ask("ALTER ROLE ann RESET quote_all_identifiers")
    assert {record.trial.layout for record in found} == {"plain", "hash-partitioned"}
    for record in found:
        assert "table-altered" not in codes(record)


def test_a_table_that_is_altered_meanwhile_voids_the_trial(server, place):
    with climbing(place, "--phases", "1-B", "--warm-up", "0.2", "--window", "3", "--blocks", "1", "--dsn", server.dsn(),
                  env=passwords(place)) as climb:  # fmt: skip
        server.wait_inserting()
        [(schema,)] = server.ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pgladder\\_%'", "shop")
        server.ask(f"CREATE INDEX meddlers ON {schema}.events (device_id)", "shop")
        climb.end()
        [record] = climb.records()
    assert record.validity.state == "void"
    assert detail(record, "table-altered").startswith("at the end of the trial the table is not as it was made")


# --- whether anything is flushed -------------------------------------------------------------------------------------


def test_flushes_that_take_no_time_on_a_disk_are_doubted(server, place, monkeypatch):
    server.control("stop")
    monkeypatch.setenv("LD_PRELOAD", PRELOADED)
    try:
        server.control("start")
        monkeypatch.delenv("LD_PRELOAD")
        postmaster = (server.data / "postmaster.pid").read_text().split()[0]
        maps = Path(f"/proc/{postmaster}/maps").read_text()
        assert PRELOADED in maps, "apt-get install libeatmydata1"
        found = records(server, place, blocks=3)
    finally:
        monkeypatch.delenv("LD_PRELOAD", raising=False)
        server.control("restart")
    # What else a busy machine did to a trial is not asked for here.
    reasons = [reason for record in found for reason in record.validity.reasons]
    assert any("which is no disk's time" in reason.detail for reason in reasons if reason.code == "no-flush"), reasons


@pytest.mark.parametrize(("most_per_s", "doubted"), one_of((0.01, ["flush-rate"]), (1e9, [])))
def test_where_no_flush_can_be_counted_beside_a_trial_those_of_the_runs_start_are(
    place, monkeypatch, most_per_s, doubted
):
    monkeypatch.setattr("bench.agent.trial.fsync_per_second", lambda _: Unreadable(unreadable="no room"))
    facts = {"disk": {"fsync_per_s": 0.005, "fsync_per_s_least": 0.004, "fsync_per_s_most": most_per_s}}
    host = Fingerprint(host="here", run="r", taken="2026-01-01T00:00:00+00:00", facts=facts)
    plan = a_plan(a_trial(1, "1-B"), warm_up_s=0.2, window_s=1.0)
    directory = RunDirectory(place / "out")
    directory.begin(plan)
    directory.write_host(host)
    with stock_server(place) as server:
        assert execute(plan, directory, server, Quiet())
    [record] = directory.records()
    assert record.fsync_per_s == ()
    assert [reason.code for reason in record.validity.reasons if reason.code == "flush-rate"] == doubted
