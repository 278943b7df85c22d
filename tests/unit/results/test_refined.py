"""A sweep that refined is read as what was measured of it; a trial that it leaves out is none of its."""

import pytest

from bench.model.errors import DataError
from bench.plan.remaining import remaining
from bench.results.read import outcomes_of, read, reproduced_plan
from bench.store.run_directory import RunDirectory
from tests.builders import a_host, doubtful, samples_of
from tests.sweeps import Box, planned

PLAN = planned(blocks=2)


def written(path, *more):
    """The files of a run in which every fourth trial is disturbed, and measured again."""
    box, records = Box(lambda pool: 1000 * min(pool, 6), noise=0.001, whole=True), []
    while left := remaining(PLAN, records):
        [(trial, attempt), *_] = left
        disturbed = {"validity": doubtful("suspect", "not-alone")} if len(records) % 4 == 0 and attempt == 1 else {}
        records.append(box.measure(trial, attempt, **disturbed))
    directory = RunDirectory(path)
    directory.begin(PLAN)
    directory.write_host(a_host())
    for record in (*records, *map(box.measure, more)):
        directory.append(record, samples_of(record))
    directory.finish()
    return directory, records


@pytest.mark.parametrize("reading", [outcomes_of, read])
def test_its_plan_has_the_trials_that_were_measured_and_it_is_complete(tmp_path, reading, monkeypatch):
    monkeypatch.setattr("bench.results.read.check_doubts", lambda *_: None)  # these doubts were planted
    directory, records = written(tmp_path / "run")
    run = reading(directory)
    assert {trial.number for trial in run.plan.trials} == {record.trial.number for record in records}
    assert max(record.attempt for record in run.records) == 2
    assert run.complete
    again = reproduced_plan(tmp_path / "run", "again", "now")
    assert (again.refines, len(again.trials)) == (None, len(run.plan.trials))


@pytest.mark.parametrize("reading", [outcomes_of, read])
def test_a_trial_that_it_leaves_out_is_refused(tmp_path, reading, monkeypatch):
    monkeypatch.setattr("bench.results.read.check_doubts", lambda *_: None)
    stranger = next(trial for trial in PLAN.trials if trial.parameters.pool_max == 25)
    directory, _ = written(tmp_path / "run", stranger)
    with pytest.raises(DataError, match=f"trial {stranger.number} of run r is recorded, and its first blocks leave it"):
        reading(directory)
