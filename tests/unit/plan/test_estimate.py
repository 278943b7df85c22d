"""The estimate of time follows what trials took in every kept run, each from its start to the next one's."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import pytest

from bench.model.plan import Parameters
from bench.plan.estimate import ROWS_PER_S_OF_LITTLE, estimate, upper_rate, usual_rate
from bench.store.run_directory import TRIALS, RunDirectory
from bench.workload.phase import ladder
from tests.kept import KEPT

RUNS = sorted(path.parent for path in KEPT.rglob(TRIALS))
WITHIN = 0.2
"""Of what a run took, its estimate; kept runs are within 15 %."""
PAUSE_S = 60
"""Nothing that takes longer is a trial of windows this short: the run was interrupted."""


def measured(directory):
    """Return the trials that were measured, and how long each took."""
    in_order = sorted(directory.records(), key=lambda record: record.started)
    found = []
    for record, after in pairwise(in_order):
        took = (datetime.fromisoformat(after.started) - datetime.fromisoformat(record.started)).total_seconds()
        if record.seconds and took < PAUSE_S:
            found.append((record.trial, took))
    return found


def test_there_are_kept_runs():
    assert len(RUNS) >= 15


@pytest.mark.parametrize("path", RUNS, ids=lambda path: str(path.relative_to(KEPT)))
def test_a_kept_run_took_what_its_plan_is_reckoned_to_take(path):
    directory = RunDirectory(path)
    trials, took = zip(*measured(directory), strict=True)
    plan = replace(directory.plan(), repeat_suspect=None)
    assert estimate(plan, trials).seconds == pytest.approx(sum(took), rel=WITHIN)


def test_commits_of_few_rows_are_not_taken_for_as_fast_as_large_ones_but_for_the_disk():
    little, large = ladder()["2-D"].parameters, replace(ladder()["2-D"].parameters, batch=5000)
    assert usual_rate("asyncpg", little) == ROWS_PER_S_OF_LITTLE < upper_rate("asyncpg", little)
    assert usual_rate("asyncpg", large) == upper_rate("asyncpg", large)
    assert usual_rate("asyncpg", Parameters()) <= upper_rate("asyncpg", Parameters())
