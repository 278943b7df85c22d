"""The whole ladder on a private server: what is recorded agrees with itself and with what the server was seen to do."""

import json
import math
import os
import subprocess
from dataclasses import dataclass
from statistics import fmean, stdev

import psutil
import pytest

from bench.model.record import Record
from bench.stats.histogram import decode, recorded
from bench.workload.driver import as_driven
from bench.workload.phase import ladder
from tests.integration.support import Ended, assert_nothing_left, climbing, pgladder

WINDOW_S = 1
"""Forty thousand rows are under way at once on 2-H: on a busy machine none of their commits may end in less."""
PHASES = ["1", "1-B", "2", "2-B", "2-B2", "2-B3", "2-C", "2-D", "2-E", "2-F", "2-G", "2-H", "2-I"]


@dataclass
class Seen:
    """A run that ended, and what was seen of it meanwhile."""

    climb: object
    ended: Ended
    server_user: str = ""

    @property
    def records(self) -> list[Record]:
        return self.climb.records()

    def record(self, phase: str) -> Record:
        [found] = [each for each in self.records if each.trial.phase == phase]
        return found


@pytest.fixture(scope="module")
def climbed(new_place) -> Seen:
    """Climb all of it, once."""
    all_of_it = ("--phases", ",".join(PHASES))
    with climbing(new_place(), *all_of_it, "--warm-up", 0.2, "--window", WINDOW_S, "--blocks", 1, "--seed", 7) as climb:
        climb.wait_trial(1)
        postmaster = int((climb.data_dir / "server/data/postmaster.pid").read_text().split()[0])
        user = psutil.Process(postmaster).username()
        return Seen(climb, climb.end(), user)


def test_all_phases_are_measured_and_none_is_void(climbed):
    assert [name for name, phase in ladder().items() if phase.engine is None] == PHASES
    assert sorted(record.trial.phase for record in climbed.records) == PHASES
    assert {record.trial.number: record.validity for record in climbed.records if record.validity.state == "void"} == {}
    assert (climbed.ended.code, climbed.ended.err) == (0, "")


def test_the_server_never_runs_as_root(climbed):
    assert climbed.server_user != "root"


@pytest.mark.parametrize("phase", PHASES)
def test_every_row_attempted_was_acknowledged_and_found(climbed, phase):
    record = climbed.record(phase=phase)
    verified = record.verified
    assert verified.attempted == verified.acknowledged == verified.found > 0
    assert (verified.in_doubt, record.errors) == (0, 0)


@pytest.mark.parametrize("phase", PHASES)
def test_the_server_used_one_transaction_a_batch(climbed, phase):
    record = climbed.record(phase=phase)
    commits, rest = divmod(record.verified.found, record.trial.parameters.batch)
    assert rest == 0
    assert commits <= record.transactions <= commits + 25  # autovacuum's


@pytest.mark.parametrize("phase", PHASES)
def test_the_parameters_recorded_are_the_phases_own(climbed, phase):
    trial = climbed.record(phase=phase).trial
    assert trial.parameters == as_driven(trial.driver, ladder()[phase].parameters)


@pytest.mark.parametrize("phase", PHASES)
def test_as_many_connections_were_in_use_as_the_phase_says(climbed, phase):
    record = climbed.record(phase=phase)
    if phase in {"1", "1-B"}:
        assert record.pool_high_water is None
        return
    # On a busy machine the pool may not be full before the window ends.
    in_flight = record.trial.parameters.in_flight
    assert in_flight / 2 <= record.pool_high_water <= in_flight


@pytest.mark.parametrize("phase", PHASES)
def test_rates_are_rows_and_commits_of_the_window(climbed, phase):
    record = climbed.record(phase=phase)
    samples = climbed.climb.directory.samples(record.trial.number, 1)
    assert record.rows == record.commits * record.trial.parameters.batch == sum(samples.rows_per_second)
    assert record.commits == sum(samples.commits_per_second) == decode(samples.latency_hdr).get_total_count()
    assert record.rows_per_s == pytest.approx(record.rows / WINDOW_S)
    assert record.settled_rows_per_s == pytest.approx(record.rows / (WINDOW_S + record.checkpoint_s))
    assert record.verified.found >= record.rows


def test_warm_up_and_drain_are_beyond_the_window(climbed):
    assert sum(record.verified.found for record in climbed.records) > sum(record.rows for record in climbed.records)


@pytest.mark.parametrize("phase", PHASES)
def test_a_percentile_is_told_only_where_ten_samples_lie_beyond_it_and_its_interval_within_a_tenth(climbed, phase):
    record = climbed.record(phase=phase)
    for share, value in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p999")):
        told, beyond = getattr(record.latency_ms, value), record.commits * (1 - share)
        assert (told is None) == (value not in record.latency_ms.intervals)
        if told is not None:
            low, high = record.latency_ms.intervals[value]
            assert beyond > 9.9
            assert 0.9 * told <= low <= told <= high <= 1.1 * told
    assert 0 < record.latency_ms.mean <= record.latency_ms.max


@pytest.mark.parametrize("phase", PHASES)
def test_a_row_latency_is_the_mean_by_row_where_the_commits_of_the_window_hold_it_within_a_tenth(climbed, phase):
    record = climbed.record(phase=phase)
    commits = decode(climbed.climb.directory.samples(record.trial.number, 1).latency_hdr)
    took_us = [value for value, times in recorded(commits) for _ in range(times)]
    reach_us = 1.96 * stdev(took_us) / math.sqrt(len(took_us))
    if len(took_us) >= 20 and reach_us <= 0.1 * fmean(took_us):  # a busy machine's stall may be wider
        assert record.row_latency_ms == pytest.approx(fmean(took_us) / 1000 / record.trial.parameters.batch)
    else:
        assert record.row_latency_ms is None


def test_cpu_time_of_clients_and_server_is_seen_or_the_agent_that_was_too_late_to_read_it(climbed):
    seen = [record.cpu for record in climbed.records if record.cpu.client_cores is not None]
    late = [
        reason for record in climbed.records for reason in record.validity.reasons if "CPU was read" in reason.detail
    ]
    assert len(seen) + len(late) == len(PHASES)
    for cpu in seen:
        assert 0 < cpu.client_cores < os.cpu_count()
        assert 0 <= cpu.server_cores < os.cpu_count()  # 0: less than a clock tick
    assert sum(cpu.server_cores for cpu in seen) > 0


def test_phase_1_spends_its_time_connecting_and_phase_1_b_none(climbed):
    connecting = climbed.record(phase="1").client_time
    assert connecting.connect_s > connecting.insert_s > 0
    assert climbed.record(phase="1-B").client_time.connect_s < 0.01


def test_the_checksums_are_those_of_every_file(climbed):
    path = climbed.climb.directory.path
    listed = {line.split("  ")[1] for line in (path / "SHA256SUMS").read_text().splitlines()}
    there = {str(file.relative_to(path)) for file in path.rglob("*") if file.is_file()}
    assert there == listed | {"SHA256SUMS", "report.html"}
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=path, check=True)


def test_the_ladder_is_printed_again_offline_from_the_files_alone(climbed):
    again = pgladder("ladder", climbed.climb.directory.path, cwd=climbed.climb.place)
    assert (again.code, again.err) == (0, "")
    # What measures it longer names its place, which only the run was told.
    assert again.out.partition("\nNext: ")[0] in climbed.ended.out
    assert f"Page: {climbed.climb.directory.path / 'report.html'}" in climbed.ended.out
    table = again.out[again.out.index("\nphase ") :]
    rows = [line.split()[0].rstrip("?") for line in table.splitlines() if line.split()[:1]]
    # The published ladder stands below, of which some rungs are the same.
    assert list(dict.fromkeys(row for row in rows if row in PHASES)) == PHASES
    assert max(len(line) for line in again.out.splitlines() if not line.startswith("  ")) <= 80
    assert "\x1b" not in again.out


def test_the_ladder_for_programs_holds_the_recorded_rates(climbed):
    again = pgladder("ladder", climbed.climb.directory.path, "--json", cwd=climbed.climb.place)
    [host] = json.loads(again.out)["hosts"]
    [shown] = host["ladders"]
    rates = {record.trial.phase: record.rows_per_s for record in climbed.records}
    assert {rung["phase"]: rung["rows_per_s"] for rung in shown["rungs"]} == rates


def test_a_plain_ladder_does_not_know_what_binds_it_and_says_how_to(climbed):
    assert "--ceiling" in climbed.ended.out
    again = pgladder("ladder", climbed.climb.directory.path, "--json", cwd=climbed.climb.place)
    [shown] = json.loads(again.out)["hosts"][0]["ladders"]
    for rung in shown["rungs"]:
        bound = rung["bound_by"]
        assert (bound["verdict"], bound["ceiling_rows_per_s"]) == ("unknown", None)
        assert "--ceiling" in bound["why"]


def test_nothing_of_the_server_is_left(climbed):
    assert_nothing_left(climbed.climb.place)
