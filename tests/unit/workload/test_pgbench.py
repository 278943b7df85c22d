"""What pgbench is told, what its log and its errors come to, and what it is refused."""

import os
from dataclasses import replace

import pytest

from bench.model.endpoint import Endpoint
from bench.model.errors import HostError, UsageError
from bench.model.fingerprint import Unreadable
from bench.model.plan import Parameters
from bench.probes import pgbench as program
from bench.workload.driver import as_driven, check_driven, check_programs
from bench.workload.drivers import pgbench as driver
from bench.workload.messages import Job, Lost, Window
from bench.workload.pgbench_account import LINGER_NS, Account, OpenAccount, writer_of
from bench.workload.pgbench_run import (
    Lines,
    command,
    connecting_s,
    connection_string,
    script,
    throttle,
    timed,
)
from bench.workload.phase import ladder
from bench.workload.recorder import SECOND_NS

USUAL = {"sslmode": "disable", "sslnegotiation": "postgres", "sslcertmode": "allow", "gssdelegation": "0"}
CLOSED = {name: as_driven("pgbench", ladder()[name].parameters) for name in ("1", "1-B", "2")}


def job_of(phase="1-B", **changes):
    endpoint = Endpoint(
        transport="tcp",
        host="127.0.0.1",
        port=5432,
        user="ann",
        database="shop",
        schema="pgladder_r",
        password="secret",
        parameters=USUAL | changes,
    )
    return Job(phase=phase, driver="pgbench", parameters=Parameters(in_flight=3), endpoint=endpoint, writer=2, seed=7)


def account_of(phase="1-B"):
    window = Window(opens_ns=10 * SECOND_NS, closes_ns=12 * SECOND_NS)
    account = Account(job_of(phase), ladder()[phase], window, ahead_ns=1_000 * SECOND_NS)
    account.begins_ns = 9 * SECOND_NS
    return account


def line(client, number, took_us, ended_s, micros=0):
    return f"{client} {number} {took_us} 0 {1_000 + ended_s} {micros}".encode()


# --- what it is told -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "mode", "connects"), [("1", "simple", True), ("1-B", "simple", False), ("2-B", "prepared", False)]
)
def test_it_speaks_as_the_driver_of_the_phase_does(tmp_path, phase, mode, connects):
    words = command(job_of(phase), ladder()[phase], tmp_path)
    assert f"--protocol={mode}" in words
    assert ("--connect" in words) == connects
    [payload] = [word.partition("payload=")[2] for word in words if "payload=" in word]
    assert payload.startswith("'") == (mode == "simple")
    assert len(payload.strip("'")) == 64


def test_each_statement_of_its_script_names_the_schema_and_the_proof_comes_before_the_first_row():
    text = script(job_of(), ladder()["1-B"])
    assert text.index("current_schema()") < text.index('INSERT INTO "pgladder_r".events')
    assert "SET search_path" not in text


def test_an_older_libpq_is_not_told_what_it_does_anyway_and_no_argument_has_the_password():
    told = connection_string(job_of(sslcertmode="require", krbsrvname="db").endpoint)
    assert "sslcertmode=require" in told
    assert "krbsrvname=db" in told
    assert "sslnegotiation" not in told
    assert "secret" not in told


# --- what became of it -----------------------------------------------------------------------------------------------


def test_each_client_has_a_result_and_the_first_ones_has_the_rates_of_all():
    account = account_of()
    account.take([line(0, 1, 400, 9), line(0, 2, 500, 10, 1000), line(2, 1, 700, 11, 500)])
    first, second, third = account.results(["on"])
    assert [each.writer for each in (first, second, third)] == [writer_of(account.job, client) for client in range(3)]
    assert [(each.attempted, each.acknowledged, each.commits) for each in (first, second, third)] == [
        (2, 2, 2),
        (0, 0, 0),
        (1, 1, 1),
    ]
    assert (first.commits_per_second, third.commits_per_second) == ([1, 1], [0, 0])
    assert first.insert_s == pytest.approx(0.0012)
    assert (first.gaps is None, third.gaps) == (False, None)
    assert first.one_payload


def test_where_each_commit_connects_the_time_between_two_is_that_of_connecting():
    account = account_of("1")
    account.take([line(0, 1, 400, 10), line(0, 2, 500, 10, 3000)])
    first, *_ = account.results(["on"])
    assert (first.connect_s, first.insert_s) == (pytest.approx(0.0025), pytest.approx(0.0009))
    assert first.prepare_s == 0


def test_where_a_connection_is_kept_the_time_between_two_is_pgbenchs_own():
    account = account_of("2")
    account.take([line(0, 1, 400, 10), line(0, 2, 500, 10, 3000)])
    first, *_ = account.results(["on"])
    assert (first.prepare_s, first.insert_s, first.connect_s) == (pytest.approx(0.0025), pytest.approx(0.0009), 0)


@pytest.mark.parametrize(
    ("complaint", "lost"),
    [
        (
            "client 1 script 0 aborted in command 9 query 0: ERROR: no such table",
            [Lost(first=1, rows=1, in_doubt=False)],
        ),
        ("client 1 script 0 aborted in command 9 query 0: FATAL: terminating", [Lost(first=1, rows=1, in_doubt=True)]),
        (
            "client 1 aborted in command 9 (SQL) of script 0; perhaps the backend died while processing",
            [Lost(first=1, rows=1, in_doubt=True)],
        ),
        ("client 1 aborted while establishing connection", []),
    ],
)
def test_the_row_of_a_client_that_ended_comes_after_what_is_logged_later(complaint, lost):
    account = account_of()
    account.complain([f"pgbench: error: {complaint}".encode()])
    account.take([line(1, 1, 400, 10)])
    account.close()
    _, result, _ = account.results(["on"])
    assert (result.acknowledged, result.attempted, result.lost) == (1, 1 + len(lost), lost)
    assert account.errors == [f"pgbench: error: {complaint}"]


def test_a_commit_that_failed_is_lost_and_no_row_of_it_may_be_found():
    account = account_of()
    account.take([b"0 1 failed 0 1010 0", line(0, 2, 400, 10)])
    first, *_ = account.results(["on"])
    assert (first.attempted, first.acknowledged, first.lost) == (2, 1, [Lost(first=0, rows=1, in_doubt=False)])
    assert first.errors == ["pgbench: a commit was refused: failed"]


# --- at a rate -------------------------------------------------------------------------------------------------------

MS, OPENS, CLOSES = 1_000, 10_000_000, 12_000_000
"""In µs, as its log has it."""


def at_a_rate(phase="1-B", in_flight=3, **parameters):
    job, window = job_of(phase), Window(opens_ns=OPENS * 1000, closes_ns=CLOSES * 1000)
    changed = replace(job.parameters, rate=1000.0, load="open", in_flight=in_flight, **parameters)
    account = OpenAccount(replace(job, parameters=changed), ladder()[phase], window, ahead_ns=1_000 * SECOND_NS)
    account.hear([b"pgbench (15.9)"])
    account.hear([b"initial connection time = 12.345 ms"])
    account._begun_ns = (OPENS - MS) * 1000
    return account


def began(client, due, lag, took):
    """What it logs of a commit that was due at a moment in µs, begun so much later, and took so long from then on."""
    seconds, micros = divmod(due + lag + took, 1_000_000)
    return f"{client} 1 {lag + took} 0 {1_000 + seconds} {micros} {lag}".encode()


def skipped(client, at):
    seconds, micros = divmod(at, 1_000_000)
    return f"{client} 1 skipped 0 {1_000 + seconds} {micros} 0".encode()


def whole(account):
    account.close()
    first, *_ = account.results(["on"])
    return first


def test_each_process_is_told_its_share_of_the_rate_and_a_seed_of_its_own():
    job = replace(job_of(), parameters=Parameters(rate=5000.0, processes=4, latency_limit=50.0, load="open"))
    told = throttle(job)
    assert told[0] == "--rate=1250.0"
    assert told[2] == "--latency-limit=50.0"
    assert throttle(job) == told
    assert len({throttle(replace(job, writer=writer))[1] for writer in range(1, 5)}) == 4
    assert throttle(job_of()) == []


def test_a_limit_below_what_it_can_tell_is_not_none():
    job = replace(job_of(), parameters=Parameters(rate=10.0, latency_limit=0.0001, load="open"))
    assert throttle(job)[2] == "--latency-limit=0.001"


def test_at_a_rate_nothing_holds_it_up():
    job = replace(job_of(), parameters=Parameters(rate=10.0, load="open"))
    assert r"\shell" in script(job_of(), ladder()["1-B"])
    assert r"\shell" not in script(job, ladder()["1-B"])


@pytest.mark.parametrize(
    ("warm_up_s", "window_s", "told"),
    [(0.95, 2, (0.05, 3)), (5.95, 20, (0.05, 26)), (0.3, 1, (0, 2)), (0.0, 0.5, (0, 1))],
)
def test_its_own_timer_ends_what_waits_soon_after_the_window(warm_up_s, window_s, told):
    opens = round(warm_up_s * SECOND_NS)
    window = Window(opens_ns=opens, closes_ns=opens + round(window_s * SECOND_NS))
    pause_ns, seconds = timed(window, 0)
    assert (pause_ns / SECOND_NS, seconds) == pytest.approx(told)
    assert pause_ns + seconds * SECOND_NS >= window.closes_ns + LINGER_NS


@pytest.mark.parametrize(("phase", "one_ms", "told_s"), [("2-B", 5, 0.95), ("2-B", 50, 2.95), ("1", 50, 0.95)])
def test_what_its_connections_take_comes_before_the_warm_up(phase, one_ms, told_s):
    job = replace(job_of(phase), parameters=Parameters(rate=10.0, load="open", in_flight=50))
    told = connecting_s(job, ladder()[phase], one_ms * 1_000_000)
    assert told == pytest.approx(told_s)
    opens = round((told + 1) * SECOND_NS)
    pause_ns, _ = timed(Window(opens_ns=opens, closes_ns=opens + 2 * SECOND_NS), 0)
    assert pause_ns == pytest.approx(50_000_000)


def test_latency_is_from_when_it_was_due_and_lag_until_it_was_begun():
    account = at_a_rate()
    account.take([began(0, OPENS + 10 * MS, 3 * MS, 2 * MS), began(1, OPENS + 20 * MS, 100, 2 * MS)])
    found = whole(account)
    assert (found.open_loop.begun, found.open_loop.late, found.open_loop.waiting) == (2, 1, 0)
    assert (found.open_loop.lag_s, found.open_loop.most_lag_s) == pytest.approx((0.0031, 0.003))
    assert account.recorder.histogram().get_max_value() == pytest.approx(5 * MS, rel=0.001)
    assert found.insert_s == pytest.approx(0.004)
    assert found.errors == []


def test_what_was_due_in_the_window_counts_and_not_what_was_answered_in_it():
    account = at_a_rate()
    lines = [
        began(0, OPENS - 1, 10, 50 * MS),
        began(1, CLOSES - 1 * MS, 10, 50 * MS),
        began(2, CLOSES + 1 * MS, 10, 5 * MS),
    ]
    account.take(lines)
    found = whole(account)
    assert (found.open_loop.begun, found.open_loop.waiting) == (1, 0)
    assert account.recorder.histogram().get_total_count() == 1
    assert sum(found.commits_per_second) == 1
    assert [each.acknowledged for each in account.results(["on"])] == [1, 1, 1]


def test_late_while_a_client_was_free_is_its_own_fault():
    account = at_a_rate()
    busy, free = OPENS + 10 * MS, OPENS + 30 * MS
    account.take([began(0, busy, 0, 10 * MS), began(0, busy + MS, 9 * MS, MS), began(0, free, 2 * MS, MS)])
    found = whole(account).open_loop
    assert (found.late, found.late_while_free) == (2, 1)


def test_what_was_begun_after_the_window_was_waiting_when_it_closed():
    account = at_a_rate(in_flight=1)
    account.take([began(0, CLOSES - 20 * MS, 0, 30 * MS), began(0, CLOSES - 5 * MS, 15 * MS, MS)])
    found = whole(account)
    assert (found.open_loop.begun, found.open_loop.waiting) == (1, 1)
    assert sorted(account.recorder._latencies) == pytest.approx([5 * MS, 30 * MS], rel=0.001)
    assert found.acknowledged == 2


def test_where_all_were_busy_until_the_end_nobody_knows_what_waited():
    account = at_a_rate(in_flight=1)
    due, ended = CLOSES - 300 * MS, CLOSES - 200 * MS
    lines = []
    while ended < CLOSES + LINGER_NS // 1000:
        lines.append(began(0, due, ended - due, 30 * MS))
        due, ended = due + 10 * MS, ended + 30 * MS
    account.take(lines)
    assert whole(account).open_loop.waiting is None
    account.take([began(0, CLOSES + MS, ended - CLOSES, MS)])
    assert whole(account).open_loop.waiting > 0


def test_where_somebody_waited_nothing_else_did():
    account = at_a_rate(in_flight=2)
    busy = began(0, CLOSES - 50 * MS, 0, 900 * MS)
    account.take([busy])
    assert whole(account).open_loop.waiting == 0


def test_what_is_skipped_is_no_row():
    account = at_a_rate(latency_limit=50.0)
    account.take([skipped(0, OPENS - 1), skipped(0, OPENS + MS), began(0, OPENS + MS, 0, MS), skipped(1, OPENS + MS)])
    found = whole(account)
    assert found.open_loop.skipped == 2
    assert (found.attempted, found.acknowledged, found.lost, found.errors) == (1, 1, [], [])


def test_what_is_skipped_after_the_window_was_waiting_when_that_is_sure():
    account = at_a_rate(latency_limit=50.0)
    account.take([skipped(0, CLOSES + 40 * MS)])
    assert (whole(account).open_loop.skipped, whole(account).open_loop.waiting) == (0, 1)
    account.take([skipped(0, CLOSES + 60 * MS)])
    assert whole(account).open_loop.waiting is None
    beyond = at_a_rate(latency_limit=50.0)
    beyond.take([began(1, CLOSES + 1, 0, MS), skipped(0, CLOSES + 60 * MS)])
    assert whole(beyond).open_loop.waiting == 0


def test_where_each_commit_connects_its_lag_holds_that_and_it_began_before():
    account = at_a_rate("1", in_flight=1)
    account.hear([b"pgbench (15.9)"])
    account._begun_ns = account._connecting_ns = 1
    due = OPENS + 10 * MS
    account.take([began(0, due, 4 * MS, MS), began(0, due + MS, 7 * MS, MS)])
    found = whole(account)
    assert (found.connect_s, found.insert_s) == pytest.approx((0.007, 0.002))
    assert (found.open_loop.late, found.open_loop.late_while_free) == (1, 0)
    assert found.open_loop.most_lag_s == pytest.approx(0.004)


def test_what_is_late_beyond_the_limit_is_counted_and_written():
    account = at_a_rate(latency_limit=5.0)
    account.take([began(0, OPENS + MS, 4 * MS, 2 * MS), began(1, OPENS + MS, 0, 2 * MS)])
    found = whole(account)
    assert (found.open_loop.beyond_limit, found.acknowledged) == (1, 1)


def test_where_it_began_within_the_window_or_did_not_tell_the_trial_is_void():
    late = at_a_rate()
    late._begun_ns = (OPENS + 250 * MS) * 1000
    assert "0.25 s after the window had opened: ask for a longer --warm-up" in whole(late).errors[0]
    silent = at_a_rate()
    silent._begun_ns = 0
    assert whole(silent).errors == ["pgbench did not report how long it took to connect"]


def test_its_seed_is_no_complaint():
    reads, writes = os.pipe()
    os.write(writes, b"pgbench: setting random seed to 7\npgbench: error: no such server\n")
    os.close(writes)
    complaints = Lines(reads)
    complaints.read()
    os.close(reads)
    assert complaints.first == "pgbench: error: no such server"


# --- what it is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phase", "changes", "told"),
    [
        ("2-C", {}, "Phase 2-C can't be carried out by the driver pgbench: it has no script; leave the phase out, or"),
        ("2-B", {"load": "rounds"}, "never wait for each other; ask for --load closed"),
        ("1-B", {"payload_bytes": 100_001}, "takes payloads of up to 100,000 bytes"),
        ("1-B", {"rate": 9.0, "load": "open", "arrivals": "even"}, "comes independently; ask for --arrivals poisson"),
        ("1-B", {"rate": 9.0, "load": "open", "surge": 2.0}, "its rate stays what it is; leave it out"),
        ("1-B", {"rate": 9.0, "load": "accumulate", "collect_ms": 9.0}, "each of its commits has one; leave --collect"),
    ],
)
def test_what_it_can_not_do_is_refused_with_what_would(phase, changes, told):
    with pytest.raises(UsageError, match=told):
        check_driven(phase, ladder()[phase], "pgbench", Parameters(**changes))


@pytest.mark.parametrize("phase", CLOSED)
def test_it_has_neither_pool_nor_event_loop(phase):
    parameters = CLOSED[phase]
    check_driven(phase, ladder()[phase], "pgbench", parameters)
    assert {parameters.pool_min, parameters.pool_max, parameters.event_loop, parameters.reset} == {None}


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (Unreadable(unreadable="not installed"), "PostgreSQL's program of that name, which is not installed here: "),
        ("13.9 (Debian 13.9-0)", "is pgbench 13.9 .*, and the driver needs 14 or later"),
    ],
)
def test_where_it_is_not_or_too_old_a_run_is_refused_with_how_to_get_it(monkeypatch, found, told):
    monkeypatch.setattr(driver, "pgbench_version", lambda _: found)
    check_programs(["asyncpg", "psycopg2"])
    with pytest.raises(HostError, match=told):
        check_programs(["asyncpg", "pgbench"])


def test_the_newest_that_is_installed_is_taken(tmp_path, monkeypatch):
    for major in ("9.6", "15", "18", "9"):
        (tmp_path / f"usr/lib/postgresql/{major}/bin").mkdir(parents=True)
        (tmp_path / f"usr/lib/postgresql/{major}/bin/pgbench").touch()
    assert program.pgbench_program(tmp_path) == tmp_path / "usr/lib/postgresql/18/bin/pgbench"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert program.pgbench_program(tmp_path / "nothing") is None
    assert program.pgbench_version(None) == Unreadable(unreadable="not installed")
