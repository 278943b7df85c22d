"""``make study-open-loop`` with tiny windows: every condition is measured by both, and what was cut off goes on."""

import subprocess
import sys

import pytest

from bench.model.plan import NULL
from bench.store.run_directory import RunDirectory
from tests.integration.support import PATIENCE_S
from tests.readme import CHECKOUT
from tests.studies.open_loop import CAPACITY, CONDITIONS, FIGURES, PGBENCH, RATES, SHARES, page

TINY = ("--blocks", "1", "--warm-up", "0.5", "--window", "0.5")


def study(place):
    command = [sys.executable, "-m", "tests.studies.open_loop", "--into", place / "open-loop"]
    command += ["--data-dir", place / "data", *TINY]
    ended = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=3 * PATIENCE_S, check=False)
    # One block tells nothing, and that is an error of the study, too.
    assert ended.returncode == 1, ended.stderr
    assert "does not agree with pgbench's" in ended.stderr, ended.stderr
    return (place / "open-loop.md").read_text()


def measured(place):
    """What counts of the run at rates, but for the clients alone."""
    return [each for each in RunDirectory(place / "open-loop" / RATES).records() if each.trial.engine != NULL]


@pytest.mark.slow
def test_both_are_measured_at_the_same_rates_and_what_was_cut_off_goes_on(place):
    text = study(place)
    assert all(each.trial.parameters.rate is None for each in RunDirectory(place / "open-loop" / CAPACITY).records())
    both, _, itself = text.partition("\n## pgbench beside itself\n")
    records = measured(place)
    assert [each.validity.why for each in records if each.void] == []
    for condition in CONDITIONS:
        of_it = [each.trial for each in records if condition.is_of(each.trial)]
        assert {trial.driver for trial in of_it} == set(condition.drivers)
        of_each = [{trial.parameters.rate for trial in of_it if trial.driver == driver} for driver in condition.drivers]
        assert of_each[0] == of_each[1]
        assert len(of_each[0]) == len(SHARES)
        assert both.count(f"| {condition.words} |") == 1 + len(SHARES) * len(FIGURES)
        assert itself.count(f"| {condition.words} | {SHARES[0]:.0%}".replace("%", " %")) == len(FIGURES)
        assert [trial.driver for trial in of_it].count(PGBENCH) == 2 * len(SHARES)
    assert page(place / "open-loop") == text
    last = place / "open-loop" / RATES
    journal = last / "trials.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    # What a power cut leaves.
    journal.write_bytes(b"".join(lines[:-1]) + lines[-1][:50])
    (last / "SHA256SUMS").unlink()
    study(place)
    kept = journal.read_bytes().splitlines(keepends=True)
    assert kept[: len(lines) - 1] == lines[:-1]
    assert len(measured(place)) == len(records)
