"""A pulled run's plan again on the box it came from."""

from dataclasses import replace

import pytest

from tests.e2e.remote.control import PATIENCE_S, SURE, Control

HERE = "--limit=rm1"


@pytest.mark.slow
def test_a_run_is_reproduced_on_its_box_and_tested_for_equivalence(control: Control) -> None:
    control.fab("ladder", "--run=first-of-two", "--blocks=3", HERE, *SURE).ends(0)
    before = {path.name for path in (control.folder / "results").iterdir()}
    again = control.fab("reproduce", "--run=first-of-two", "--margin=0.9", HERE)
    again.process.wait(PATIENCE_S)
    assert "blocks were not interleaved" in again.said
    shown = "Not shown to be equivalent" not in again.said  # what the neighbours leave to it is not ours to promise
    again.ends(0 if shown else 1)
    [new] = {path.name for path in (control.folder / "results").iterdir()} - before
    one, other = (control.results(run, "rm1").plan() for run in ("first-of-two", new))
    assert replace(other, run=one.run, created=one.created) == one


def test_a_run_that_was_not_pulled_is_not_reproduced(control: Control) -> None:
    said = control.fab("reproduce", "--run=never-seen", HERE).ends(2)
    assert "holds no run" in said
