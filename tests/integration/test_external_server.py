"""Somebody else's server: measured in a schema of pgladder's own, and left as it was."""

import contextlib
import json
import signal
import socket
import struct
import threading
from dataclasses import dataclass
from time import sleep
from urllib.parse import quote

import psutil
import psycopg2
import pytest

from bench.engines.postgresql.dsn import NOT_UTF_8
from bench.engines.postgresql.render import AS_FOUND
from tests.integration.support import (
    BRIEF,
    SMALL,
    Climb,
    Ended,
    Theirs,
    climbing,
    command_line,
    passwords,
    pgladder,
    processes_in,
    wait_for,
)

FEW = ("--phases", "1", "2-E", "--pool-max", "10", *BRIEF, "--blocks", "1")


@dataclass
class Visit:
    """A run on somebody's server: what was there before and after, and the command lines seen meanwhile."""

    climb: Climb
    ended: Ended
    before: str
    after: str
    seen: set[str]


@pytest.fixture(scope="module")
def visit(theirs, new_place) -> Visit:
    """Climb two rungs as a user who may do nothing but make a schema."""
    place, before, seen = new_place(), theirs.dump(), set()
    with climbing(place, *FEW, *SMALL, "--dsn", theirs.dsn(), env=passwords(place)) as climb:
        while climb.process.poll() is None:
            seen |= {command_line(process) for process in psutil.process_iter()}
            sleep(0.05)
        return Visit(climb, climb.end(), before, theirs.dump(), seen)


def test_a_user_who_may_only_make_a_schema_gets_results(visit):
    assert (visit.ended.code, visit.ended.err) == (0, "")
    assert [record.trial.variant for record in visit.climb.records()] == [AS_FOUND] * 2
    for record in visit.climb.records():
        assert record.verified.found == record.verified.acknowledged == record.verified.attempted > 0


def test_everything_else_on_the_server_is_byte_for_byte_as_it_was(visit):
    assert visit.after == visit.before
    assert "CREATE TABLE pgladder.events" in visit.before


def test_what_could_not_be_controlled_or_observed_is_said_and_recorded(visit):
    limits = visit.climb.directory.host().facts["pgladder"]["limits"]
    for word in ("configuration is used as found", "no CHECKPOINT", "no WAL directory or data directory"):
        assert [limit for limit in limits if word in limit]
        assert word in " ".join(visit.ended.out.split())
    for record in visit.climb.records():
        assert (record.checkpoint_s, record.settled_rows_per_s, record.start.wal_segments) == (None, None, None)


def test_the_password_is_in_no_file_no_output_and_no_process_list(visit):
    forms = {Theirs.password, quote(Theirs.password, safe="")}
    files = [file for file in visit.climb.directory.path.rglob("*") if file.is_file()]
    texts = [visit.ended.out, visit.ended.err, *visit.seen, *(file.read_text() for file in files)]
    assert len(files) >= 6
    assert [line for line in visit.seen if "bench.workload.client" in line]
    assert not [text for text in texts if any(form in text for form in forms)]


# --- refused ---------------------------------------------------------------------------------------------------------


def url(server: Theirs, user: str = "ann", password: str = Theirs.password, database: str = "shop") -> str:
    """Return a connection string with the password in it."""
    return f"postgresql://{user}:{quote(password, safe='')}@127.0.0.1:{server.port}/{database}"


REFUSALS = {
    "a wrong password": (lambda s: [url(s, password="wrong")], 'password authentication failed for user "ann"'),
    "a wrong database": (lambda s: [url(s, database="shoq")], 'database "shoq" does not exist'),
    "a user who may not create": (lambda s: [url(s, user="eve")], "GRANT CREATE ON DATABASE shop TO eve"),
    "a host that is not there": (lambda _: ["host=127.0.0.1 port=1 user=ann"], "Connection refused"),
    "no connection string": (lambda _: [f"postgres//ann:{Theirs.password}@h/db"], "is not a connection string"),
    "an unknown option in it": (lambda s: [url(s) + "?sslmod=off"], "is not a connection string"),
    "another transport": (lambda s: [url(s), "--transports", "tls"], "is by tcp"),
    "a variant": (lambda s: [url(s), "--variants", "stock"], "is measured as it is"),
    "more connections than it has": (
        lambda s: [url(s), "--phases", "2", "--pool-min", "200", "--pool-max", "200"],
        "opens 204 connections",
    ),
    "an unknown phase": (lambda s: [url(s), "--phases", "2-Z"], "Unknown phase '2-Z'"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_wrong_request_is_refused_by_one_sentence_and_changes_nothing(theirs, place, name):
    asked, words = REFUSALS[name]
    before = theirs.next_transaction()
    ended = pgladder("run", *FEW, "--dsn", *asked(theirs), "--out", place / "out", cwd=place)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert words in ended.err
    assert Theirs.password not in ended.err
    assert not (place / "out").exists()
    assert theirs.next_transaction() == before  # whatever changes something takes one


def hear_startup(connection: socket.socket) -> None:
    """Hear what a client asks for at its start."""
    while True:
        [length] = struct.unpack("!I", connection.recv(4, socket.MSG_WAITALL))
        if int.from_bytes(connection.recv(length - 4, socket.MSG_WAITALL)[:4], "big") == 3 << 16:
            return
        connection.sendall(b"N")  # neither TLS nor GSSAPI


def refuse_in_latin_1(listener: socket.socket) -> None:
    """Say no in German, as a server in a Latin-1 locale does before it knows what a client reads."""
    connection, _ = listener.accept()
    with connection:
        hear_startup(connection)
        body = "SFATAL\0VFATAL\0C28000\0MKein Eintrag für diesen Rechner\0\0".encode("latin-1")
        connection.sendall(b"E" + struct.pack("!I", len(body) + 4) + body)


def test_a_refusal_in_an_encoding_of_the_servers_own_is_a_sentence(place):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = threading.Thread(target=refuse_in_latin_1, args=[listener])
        answering.start()
        ended = pgladder("run", "--dsn", f"host=127.0.0.1 port={listener.getsockname()[1]} user=ann", cwd=place)
        answering.join()
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "Kein Eintrag f" in ended.err or NOT_UTF_8 in ended.err  # of those words Python 3.11.2 leaves nothing


def answer_as_version_12(listener: socket.socket) -> None:
    """Speak as much of the protocol as a client hears before it asks: PostgreSQL 14's own words at a connection."""
    connection, _ = listener.accept()
    with connection:
        hear_startup(connection)
        settings = {"server_version": "12.13", "client_encoding": "UTF8", "DateStyle": "ISO, MDY"}
        settings |= {"standard_conforming_strings": "on", "integer_datetimes": "on", "server_encoding": "UTF8"}
        said = [(b"R", struct.pack("!I", 0))]
        said += [(b"S", f"{name}\0{value}\0".encode()) for name, value in settings.items()]
        said += [(b"K", struct.pack("!II", 1, 1)), (b"Z", b"I")]
        connection.sendall(b"".join(kind + struct.pack("!I", len(body) + 4) + body for kind, body in said))
        connection.recv(1024)


def test_a_server_too_old_to_be_measured_is_refused(place):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        answering = threading.Thread(target=answer_as_version_12, args=[listener])
        answering.start()
        dsn = f"host=127.0.0.1 port={listener.getsockname()[1]} user=ann dbname=shop"
        ended = pgladder("run", "--dsn", dsn, "--out", place / "out", cwd=place)
        answering.join(10)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert "is PostgreSQL 12; pgladder measures 13 and later" in ended.err
    assert not (place / "out").exists()


# --- bad days --------------------------------------------------------------------------------------------------------


TRIALS = 7


@dataclass
class Misfortunes:
    """A run during which others took every connection, then restarted the server."""

    climb: Climb
    ended: Ended
    before: str
    after: str

    def void(self) -> list[dict[str, str]]:
        """Return the reasons of the void trials by their codes; the server was restarted under the last of them."""
        void = [record.validity for record in self.climb.records() if record.validity.state == "void"]
        return [{reason.code: reason.detail for reason in validity.reasons} for validity in void]


@pytest.fixture(scope="module")
def misfortunes(theirs, new_place) -> Misfortunes:
    """Let others take every connection that comes free from trial 2 on, until a trial is void; then restart."""
    before = theirs.dump()
    asked = ["--phases", "1-B", "--warm-up", "0.2", "--window", "0.8", "--blocks", TRIALS]
    with climbing(new_place(), *asked, "--dsn", f"host={theirs.home} port={theirs.port} user=dba dbname=shop") as climb:
        climb.wait_trial(2)
        theirs.wait_inserting()
        with contextlib.ExitStack() as taken:
            climb.wait_for(lambda: take_connection(theirs, taken) or void(climb), "a trial finds no connection left")
        theirs.wait_inserting()
        theirs.control("restart")
        return Misfortunes(climb, climb.end(), before, theirs.dump())


def take_connection(server: Theirs, taken: contextlib.ExitStack) -> None:
    """Open one more connection if there is one."""
    with contextlib.suppress(psycopg2.OperationalError):
        taken.enter_context(contextlib.closing(server.connect()))


def void(climb: Climb) -> list[int]:
    """Return the trials that are void so far."""
    return [record.trial.number for record in climb.records() if record.validity.state == "void"]


@pytest.mark.slow
def test_a_trial_that_finds_no_connection_left_is_void_with_that_reason(misfortunes):
    *exhausted, _ = misfortunes.void()
    assert exhausted  # several, where it takes long until all connections are given back
    assert [reasons for reasons in exhausted if "too many clients" not in " ".join(reasons.values())] == []


@pytest.mark.slow
def test_a_trial_under_which_the_server_is_restarted_is_void_with_that_reason(misfortunes):
    *_, restarted = misfortunes.void()
    assert restarted.keys() & {"server-trouble", "server-restarted"}
    assert "connection" in " ".join(restarted.values())
    assert "too many clients" not in " ".join(restarted.values())


@pytest.mark.slow
def test_only_those_trials_are_void(misfortunes):
    tried = [record.trial.number for record in misfortunes.climb.records()]  # twice, where the server was restarted
    assert sorted(set(tried)) == list(range(1, TRIALS + 1))
    first, *_, last = void(misfortunes.climb)
    assert sorted(set(void(misfortunes.climb))) == list(range(first, last + 1))
    assert 2 <= first < last < TRIALS


@pytest.mark.slow
def test_the_run_goes_on_to_its_end_and_the_ladder_tells(misfortunes):
    shown = pgladder("ladder", misfortunes.climb.directory.path, cwd=misfortunes.climb.place)
    assert (misfortunes.ended.code, misfortunes.ended.err, shown.code) == (1, "", 1)
    assert "too many clients" in " ".join(shown.out.split())
    assert misfortunes.after == misfortunes.before


def test_clients_end_with_a_killed_agent_and_resuming_tidies_up(theirs, place):
    before, dsn = theirs.dump(), theirs.dsn()
    asked = ["--phases", "1-B", "--warm-up", "0.2", "--window", "120", "--blocks", 1]
    with climbing(place, *asked, "--dsn", dsn, env=passwords(place)) as climb:
        climb.wait_trial(1)
        theirs.wait_inserting()
        climb.process.kill()
        climb.end()
    wait_for(lambda: not processes_in(place), "the clients ended, long before the window")
    plan = json.loads((place / "out/plan.json").read_text())
    (place / "out/plan.json").write_text(json.dumps({**plan, "window_s": 1}))
    with climbing(place, "--resume", place / "out", "--dsn", dsn, env=passwords(place)) as climb:
        assert climb.end().code == 0
        assert [record.key for record in climb.records()] == [(1, 1), (1, 2)]
        assert [reason.code for reason in climb.records()[0].validity.reasons] == ["agent-ended"]
    assert theirs.dump() == before


def test_a_server_that_is_gone_in_the_end_is_said_with_what_is_left(new_place):
    place = new_place()
    server = Theirs(place)
    try:
        asked = ["--phases", "1-B", "--warm-up", "0.2", "--window", "20", "--blocks", 1]
        dsn = f"host={server.home} port={server.port} user=dba dbname=shop"
        with climbing(place, *asked, "--dsn", dsn) as climb:
            climb.wait_trial(1)
            server.wait_inserting()
            server.control("stop")
            climb.wait_record(1)
            climb.process.send_signal(signal.SIGINT)
            ended = climb.end()
        assert ended.code == 1
        assert "DROP SCHEMA pgladder_" in ended.err
        assert "Traceback" not in ended.err
        assert climb.records()[0].validity.state == "void"
    finally:
        if (server.data / "postmaster.pid").exists():
            server.control("stop")
