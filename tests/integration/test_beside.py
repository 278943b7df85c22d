"""Beside a real run: a metrics file that is whole at every moment, and somebody who is told of its end."""

import json
import signal

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.integration.support import BRIEF, ONCE, SMALL, climbing, pgladder


def samples(text):
    return {
        (sample.name, sample.labels.get("phase")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def teller(place):
    script = place / "tell"
    script.write_text(f"#!/bin/sh\nenv | grep ^PGLADDER_ > {place}/told\n")
    script.chmod(0o755)
    return script


def test_a_run_keeps_its_metrics_and_tells_of_its_end(place):
    metrics, script = place / "run.prom", teller(place)
    where = ("--data-dir", place / "data", "--out", place / "out")
    words = ("--phases", "2-D", "2-G", "--blocks", 1, *BRIEF, *SMALL, *ONCE, *where)
    ended = pgladder("run", *words, "--metrics", metrics, "--notify", script, "--json", cwd=place)
    assert ended.code == 0, ended.err
    found = samples(metrics.read_text())
    assert found["pgladder_run_complete", None] == 1
    assert found["pgladder_run_running", None] == 0
    [ladder] = json.loads(ended.out)["hosts"][0]["ladders"]
    for rung in ladder["rungs"]:
        assert found["pgladder_trial_rows_per_second", rung["phase"]] == rung["rows_per_s"]
    told = (place / "told").read_text()
    assert "PGLADDER_EVENT=finished" in told
    assert f"PGLADDER_RESULTS={place / 'out'}" in told


def test_a_run_that_is_stopped_says_so_in_both_places(place):
    metrics, script = place / "run.prom", teller(place)
    words = ("--phases", "2-D", "--blocks", 3, "--window", 20)
    with climbing(place, *words, "--metrics", metrics, "--notify", script) as climb:
        climb.wait_trial(1)
        climb.process.send_signal(signal.SIGINT)
        climb.end()
    found = samples(metrics.read_text())
    assert found["pgladder_run_complete", None] == 0
    assert "PGLADDER_EVENT=stopped" in (place / "told").read_text()


@pytest.mark.slow
def test_that_nothing_can_be_told_changes_nothing_of_a_run(place):
    where = ("--data-dir", place / "data", "--out", place / "out")
    words = ("--phases", "2-D", "--blocks", 1, *BRIEF, *ONCE, *where)
    ended = pgladder("run", *words, "--metrics", place / "gone" / "x.prom", "--notify", "false", cwd=place)
    assert ended.code == 0, ended.err
    assert "the run goes on without metrics" in ended.out
    assert "--notify: false ended with 1" in ended.out
