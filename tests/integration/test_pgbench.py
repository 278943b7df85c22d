"""pgbench carries out the simple rungs: every row is accounted for, whatever befalls it, and drivers are compared."""

import json
import os
import signal
import threading
from dataclasses import replace
from time import monotonic_ns

import psutil
import pytest

from bench.model.endpoint import Endpoint
from bench.model.plan import Parameters
from bench.workload import pgbench_run
from bench.workload.messages import Job, Lost, Window
from bench.workload.phase import ladder
from tests.integration.support import ONCE, Climb, Theirs, climbing, meddling, passwords, pgladder, wait_for

RUNGS = ("1", "1-B", "2", "2-B")
BY_PGBENCH = ("--drivers", "pgbench", "--warm-up", 0.3)
MISFORTUNES = {
    "a backend is terminated": lambda _, meddler: os.kill(meddler.backend(), signal.SIGTERM),
    "the table is dropped": lambda _, meddler: meddler.ask("DROP TABLE pgladder.events"),
    "pgbench is killed": lambda climb, _: programs(climb)[0].kill(),
    "its process is killed": lambda climb, _: climb.clients()[0].kill(),
}


def programs(climb: Climb) -> list[psutil.Process]:
    """Return what is pgbench below the client processes of a run."""
    found = [child for client in climb.clients() for child in client.children()]
    return [child for child in found if child.name() == "pgbench"]


# --- rows ------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def driven(new_place):
    place, common = (
        new_place(),
        ("--processes", 2, "--payload-bytes", 100, "--blocks", 1, "--warm-up", 0.3, "--window", 1, *ONCE),
    )
    several = ("--load", "closed", "--in-flight", 7)
    climbs = []
    for number, (rungs, driver, more) in enumerate((("1,1-B", "psycopg2", ()), ("2,2-B", "asyncpg", several))):
        asked = ("--phases", rungs, "--drivers", f"{driver},pgbench", *more, *common)
        with climbing(place, *asked, out=f"out{number}") as climb:
            ended = climb.end()
            assert (ended.code, ended.err) == (0, "")
            climbs.append(climb)
    return climbs


@pytest.mark.parametrize("phase", RUNGS)
def test_each_commit_of_pgbench_is_one_transaction_and_every_row_is_found(driven, phase):
    records = [record for climb in driven for record in climb.records() if record.trial.phase == phase]
    assert [record.trial.driver for record in records].count("pgbench") == 1
    assert len(records) == 2
    for record in records:
        parameters = record.trial.parameters
        assert (parameters.pool_max is None) == (record.trial.driver in ("pgbench", "psycopg2"))
        assert record.rows == record.commits > 0
        assert record.verified.found == record.verified.acknowledged == record.verified.attempted >= record.rows
        assert {reason.code for reason in record.validity.reasons} & {"transactions-mismatch", "client-error"} == set()
        assert record.in_flight_check.expected == parameters.processes * parameters.in_flight
        assert 0 < record.latency_ms.mean <= record.latency_ms.max
        spent = record.client_time
        assert (spent.connect_s > 0) == (phase == "1")
        assert spent.insert_s > 0


def test_it_is_compared_rung_by_rung_with_the_drivers_of_these(driven):
    for climb, others in zip(driven, ("psycopg2", "asyncpg"), strict=True):
        asked = ("compare", climb.directory.path, "--across", "driver", "--json")
        cells = json.loads(pgladder(*asked, cwd=climb.place).out)["cells"]
        assert {tuple(arm["name"] for arm in cell["arms"]) for cell in cells} == {(others, "pgbench")}
        assert all(cell["pairs"][0]["settled"]["ratio"] > 0 for cell in cells)


def test_its_processor_time_is_the_clients(driven):
    [record] = [each for each in driven[1].records() if (each.trial.phase, each.trial.driver) == ("2-B", "pgbench")]
    assert record.cpu.client_cores > 0
    packages = json.loads((driven[1].directory.path / "host.json").read_text())["facts"]["packages"]
    assert packages["pgbench"].split()[0].split(".")[0].isdecimal()


# --- bad days --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bad_days(new_place):
    """Let one misfortune a trial befall a run of several in flight; the last trial is spared."""
    asked = ("--phases", "2-B", "--in-flight", 5, "--load", "closed", *BY_PGBENCH, "--window", 2)
    with climbing(new_place(), *asked, "--blocks", len(MISFORTUNES) + 1) as climb:
        killed = []
        for trial, misfortune in enumerate(MISFORTUNES.values(), 1):
            climb.wait_trial(trial)
            with meddling(climb) as meddler:
                meddler.wait_window()
                killed += programs(climb)
                misfortune(climb, meddler)
            climb.wait_record(trial)
        assert climb.end().code == 1
        assert not [process for process in killed if process.is_running()]
        return dict(zip((*MISFORTUNES, "nothing"), climb.records(), strict=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a backend is terminated", "aborted in command"),
        ("the table is dropped", 'relation "pgladder.events" does not exist'),
        ("pgbench is killed", "pgbench ended by -9"),
        ("its process is killed", "client process 0 ended by -9"),
    ],
)
def test_what_befalls_pgbench_voids_its_trial_and_is_named(bad_days, name, words):
    record = bad_days[name]
    assert record.validity.state == "void"
    assert words in {reason.code: reason.detail for reason in record.validity.reasons}["client-error"]
    assert "rows-unaccounted" not in {reason.code for reason in record.validity.reasons}


@pytest.mark.slow
def test_after_an_error_every_row_is_accounted_for(bad_days):
    verified = bad_days["a backend is terminated"].verified
    assert verified.attempted == verified.acknowledged + verified.in_doubt
    assert verified.in_doubt == 1
    assert verified.acknowledged <= verified.found <= verified.attempted
    codes = {reason.code for reason in bad_days["a backend is terminated"].validity.reasons}
    assert codes & {"rows-lost", "rows-foreign", "refused-rows-found", "rows-duplicated", "rows-altered"} == set()


@pytest.mark.slow
def test_the_next_trial_is_sound(bad_days):
    record = bad_days["nothing"]
    assert record.validity.state != "void"
    assert record.verified.found == record.verified.acknowledged > 0


def test_a_payload_that_was_changed_is_found(theirs, place):
    asked = ("--phases", "1-B", *BY_PGBENCH, "--blocks", 1, "--window", 3, "--dsn", theirs.dsn())
    with climbing(place, *asked, env=passwords(place)) as climb:
        theirs.wait_inserting()
        [(schema,)] = theirs.ask("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'pgladder\\_%'", "shop")
        changed = (
            f"UPDATE {schema}.events SET payload = payload || 'x' WHERE id = (SELECT min(id) FROM {schema}.events)"
        )
        wait_for(lambda: theirs.ask(f"{changed} RETURNING id", "shop"), "a row is changed")
        climb.end()
        [record] = climb.records()
    details = {reason.code: reason.detail for reason in record.validity.reasons}
    assert details["rows-altered"] == "writer 1: 1 rows hold another payload than was written"


# --- where it writes -------------------------------------------------------------------------------------------------


def job_of(theirs: Theirs, schema: str, phase: str = "1-B", **changes) -> Job:
    endpoint = Endpoint(
        transport="tcp",
        host="127.0.0.1",
        port=theirs.port,
        user="ann",
        database="shop",
        schema=schema,
        password=Theirs.password,
        parameters={"sslmode": "disable"},
    )
    parameters = replace(Parameters(), **changes)
    return Job(phase=phase, driver="pgbench", parameters=parameters, endpoint=endpoint, writer=2, seed=7)


def climb_by(job: Job, monkeypatch) -> list:
    """Run a job whose connections only pgbench itself proves."""
    monkeypatch.setattr(pgbench_run, "how_it_commits", lambda _: "on")
    opens = monotonic_ns() + 100_000_000
    found = []
    window = Window(opens_ns=opens, closes_ns=opens + 300_000_000)
    pgbench_run.climb(job, ladder()[job.phase], lambda: window, found.extend)
    return found


@pytest.mark.parametrize("phase", ["1-B", "2"])
def test_a_connection_that_came_elsewhere_writes_nothing(theirs, monkeypatch, phase):
    [result] = climb_by(job_of(theirs, "pgladder", phase), monkeypatch)
    assert "a connection came to the schema none, not to pgladder: nothing is written there" in result.errors[0]
    assert (result.attempted, result.acknowledged) == (1, 0)
    assert result.lost == [Lost(first=0, rows=1, in_doubt=False)]
    assert theirs.ask("SELECT count(*) FROM pgladder.events", "shop") == [(0,)]


def test_a_connection_that_is_refused_is_told_before_anything_begins(theirs, monkeypatch):
    job = job_of(theirs, "pgladder")
    wrong = replace(job, endpoint=replace(job.endpoint, password="another"))
    with pytest.raises(pgbench_run.PgbenchError, match=r"pgbench ended by 1: .*password authentication failed"):
        climb_by(wrong, monkeypatch)


def test_no_password_is_among_its_arguments(theirs):
    job = job_of(theirs, "pgladder")
    assert not any(Theirs.password in word for word in pgbench_run.command(job, ladder()["1-B"], theirs.home))


def test_each_client_is_a_writer_and_those_of_processes_are_told_apart():
    job = Job(phase="2", driver="pgbench", parameters=Parameters(in_flight=5), endpoint=None, writer=3, seed=7)
    assert [pgbench_run.writer_of(job, client) for client in range(5)] == [11, 12, 13, 14, 15]
    assert pgbench_run.writer_of(replace(job, writer=4), 0) == 16


def test_nothing_of_it_is_left_where_temporary_files_are(theirs, place, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(place))
    seen = []
    watch = threading.Thread(target=lambda: wait_for(lambda: seen or list(place.iterdir()), "it makes its folder"))
    watch.start()
    climb_by(job_of(theirs, "pgladder"), monkeypatch)
    seen.append(True)
    watch.join()
    assert list(place.iterdir()) == []
