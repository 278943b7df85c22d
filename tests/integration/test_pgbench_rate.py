"""pgbench at a rate: what is due is written and accounted for, and a server that stands still is not spared."""

import re
from time import monotonic_ns, sleep

import pytest

from bench.model.record import Record
from bench.workload import pgbench_run
from bench.workload.messages import Window
from bench.workload.phase import ladder
from bench.workload.recorder import SECOND_NS
from tests.examples import one_of
from tests.integration.support import climbing, meddling, pgladder, stopped
from tests.integration.test_pgbench import job_of

WINDOW_S, STILL_S, RATE = 3, 1.0, 30
BY_PGBENCH = ("--drivers", "pgbench", "--blocks", 1)
ASKED = (*BY_PGBENCH, "--warm-up", 1, "--window", WINDOW_S)


def of_the_server(climb) -> list[Record]:
    """Return the records but for those of the null server, by which the client's own capacity is known."""
    return [record for record in climb.records() if record.trial.engine is None]


def measured(place, *asked) -> dict[str, Record]:
    """Return the trial of each phase."""
    with climbing(place, *asked) as climb:
        climb.end()
        return {record.trial.phase: record for record in of_the_server(climb)}


def assert_accounted(record):
    assert not record.void, record.validity.why
    verified = record.verified
    assert verified.found == verified.acknowledged == verified.attempted >= record.rows
    assert {"transactions-mismatch", "client-error"} & record.validity.codes == set()


@pytest.fixture(scope="module", params=one_of("1,2-B", "1,1-B,2-B"))
def phases(request):
    return request.param


@pytest.fixture(scope="module")
def at_a_rate(new_place, phases):
    # Forced: where each commit connects, a machine that others use is hardly quick enough.
    asked = ("--rate", RATE, "--processes", 2, "--in-flight", 10, "--force")
    return measured(new_place(), "--phases", phases, *asked, *ASKED)


def test_what_comes_is_written_at_the_rate_whichever_way_it_connects(at_a_rate, phases):
    assert at_a_rate.keys() == set(phases.split(","))
    for phase, record in at_a_rate.items():
        assert_accounted(record)
        assert (record.trial.parameters.load, record.trial.parameters.arrivals) == ("open", "poisson")
        # Poisson: of 90 the standard deviation is 9.
        assert record.open_loop.due == pytest.approx(RATE * WINDOW_S, abs=45)
        assert record.rows_per_s == pytest.approx(RATE, rel=0.5)
        assert record.open_loop.skipped == 0
        assert (record.client_time.connect_s > 0) == (phase == "1")
        assert 0 < record.latency_ms.mean <= record.latency_ms.max


@pytest.mark.slow
def test_what_comes_slowly_is_waited_for_by_many_and_the_trial_ends_with_its_window(place):
    record = measured(place, "--phases", "2-B", "--rate", 4, *ASKED)["2-B"]
    assert_accounted(record)
    assert record.seconds == WINDOW_S
    assert 1 <= record.open_loop.due <= 40
    assert record.open_loop.waiting == 0
    # A busy machine may keep the agent from running for a moment; that it waited for pgbench would take seconds.
    for reason in record.validity.reasons:
        assert reason.code != "agent-late" or float(re.search(r"[\d.]+ s", reason.detail)[0][:-2]) < 1


@pytest.mark.slow
def test_what_can_not_begin_in_time_is_skipped_and_leaves_no_row(place):
    asked = ("--phases", "1-B", "--rate", 30_000, "--latency-limit", "5ms", "--force")
    record = measured(place, *asked, *ASKED)["1-B"]
    assert_accounted(record)
    loop = record.open_loop
    assert loop.skipped > 0.1 * loop.due
    # Skipped by when it is left out, and all else by when it was due.
    assert loop.due == pytest.approx(30_000 * WINDOW_S, rel=0.05)
    assert record.verified.attempted < 0.95 * 30_000 * (WINDOW_S + 1)


@pytest.mark.slow
def test_what_comes_faster_than_it_is_written_waits_and_the_latency_says_so(place):
    record = measured(place, "--phases", "1-B", "--rate", 60_000, "--force", *ASKED)["1-B"]
    assert_accounted(record)
    # Nobody knows how much: pgbench never came to what was due when the window closed.
    assert record.open_loop.waiting is None
    assert "behind" in record.validity.codes
    assert record.latency_ms.mean is None or record.latency_ms.mean > 100


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["1-B", "2-B"])
def test_a_server_that_stands_still_shows_in_the_latency(place, phase):
    with climbing(place, "--phases", phase, "--rate", 200, *ASKED) as climb:
        climb.wait_trial(2)
        with meddling(climb) as meddler:
            meddler.wait_window()
            sleep(0.3)
            with stopped(meddler.server()):
                sleep(STILL_S)
        climb.end()
        [record] = of_the_server(climb)
    assert_accounted(record)
    # A third of what came had to wait, evenly for up to a second.
    assert record.latency_ms.max > 900 * STILL_S
    assert record.latency_ms.mean > 50 * STILL_S
    assert "stalled" not in record.validity.codes


def test_what_its_log_comes_to_is_what_it_reports_itself(theirs, monkeypatch):
    reported, logged, found = [], [], []

    class Heard(pgbench_run.OpenAccount):
        def hear(self, lines):
            reported.extend(line.decode() for line in lines)
            super().hear(lines)

        def take(self, lines):
            logged.extend(lines)
            super().take(lines)

    monkeypatch.setattr(pgbench_run, "OpenAccount", Heard)
    theirs.ask("CREATE SCHEMA pgladder_rate AUTHORIZATION ann", "shop")
    theirs.ask("CREATE TABLE pgladder_rate.events (device_id bigint, payload text)", "shop")
    theirs.ask("ALTER TABLE pgladder_rate.events OWNER TO ann", "shop")
    job = job_of(theirs, "pgladder_rate", "2-B", in_flight=2, rate=20_000.0, latency_limit=5.0, load="open")

    def ready(connecting_s=0.0):
        opens = monotonic_ns() + round(connecting_s * SECOND_NS)
        return Window(opens_ns=opens, closes_ns=opens + SECOND_NS)

    pgbench_run.climb(job, ladder()["2-B"], ready, found.extend)
    first, second = found
    assert first.errors == []
    text = "\n".join(reported)
    processed = int(re.search(r"transactions actually processed: (\d+)", text)[1])
    skipped = int(re.search(r"transactions skipped: (\d+)", text)[1])
    assert first.acknowledged + second.acknowledged == processed > 0
    assert sum(line.split()[2] == b"skipped" for line in logged) == skipped > 0
    assert theirs.ask("SELECT count(*) FROM pgladder_rate.events", "shop") == [(processed,)]
    theirs.ask("DROP SCHEMA pgladder_rate CASCADE", "shop")
    lags = [int(line.split()[6]) for line in logged if line.split()[2] != b"skipped"]
    average, most = re.search(r"schedule lag: avg ([\d.]+) \(max ([\d.]+)\) ms", text).groups()
    assert sum(lags) / len(lags) / 1000 == pytest.approx(float(average), abs=0.01)
    assert max(lags) / 1000 == pytest.approx(float(most), abs=0.002)
    assert first.open_loop.most_lag_s * 1000 <= float(most) + 0.001


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (("--arrivals", "even"), "ask for --arrivals poisson"),
        (("--latency-limit", "soon"), "no time such as 50ms"),
    ],
)
def test_what_it_can_not_do_is_refused_with_a_sentence(place, asked, why):
    ended = pgladder("run", "--phases", "2-B", "--rate", 100, *asked, *BY_PGBENCH, cwd=place)
    assert ended.code == 2
    assert why in ended.err
