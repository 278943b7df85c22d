"""``explain`` on a box through a cut connection and a power cut: predicted before tried, and nothing twice."""

from itertools import groupby

import pytest

from bench.analysis.explanation import Explained
from bench.questions.explain import explained
from bench.results.read import read
from tests.e2e.lab import Lab
from tests.e2e.remote.control import PATIENCE_S, RUNS, Control, codes, decoded

pytestmark = pytest.mark.slow
RUN, BOX, BLOCKS = "explained", "rm1", 5
ASKED = ("--phases=2-C", "--constraints=wal-flush", f"--blocks={BLOCKS}", "--warm-up=0.2", "--window=1")


@pytest.fixture(scope="module")
def said(lab: Lab, control: Control) -> str:
    asking = control.fab("explain", f"--limit={BOX}", f"--run={RUN}", *ASKED)
    asking.says(f"{BOX}: trial 2 of")
    control.kill_sessions(BOX)
    asking.says(f"{BOX}: the connection was lost")
    lab.wait_until(BOX, f"sudo test -e {RUNS}/{RUN}/suspects.json")
    lab.cut(BOX)
    lab.up()
    asking.process.wait(PATIENCE_S)
    return asking.said


def test_it_comes_to_its_answer_and_nothing_is_run_twice(said: str, control: Control) -> None:
    assert said.count(f"{BOX}: the connection was lost") == 2, said
    directory = control.results(RUN, BOX)
    found = explained(directory, read(directory))
    assert isinstance(found, Explained)
    assert (found.complete, found.sentence in " ".join(said.split())) == (True, True)
    [flush] = [each for each in found.constraints if str(each.how).startswith("with synchronous_commit=off")]
    assert (flush.name, flush.blocks) == ("wal-flush", BLOCKS - 1)
    records = sorted(directory.records(), key=lambda each: each.key)
    for trial, attempts in groupby(records, lambda each: each.trial.number):
        *earlier, _ = attempts
        assert all({"agent-ended", "interrupted"} & codes(record) for record in earlier), f"trial {trial} ran twice"


@pytest.mark.usefixtures("said")
def test_what_was_predicted_on_the_box_before_the_cut_is_what_was_pulled(lab: Lab, control: Control) -> None:
    directory = control.results(RUN, BOX)
    on_box = lab.run(BOX, f"sudo cat {RUNS}/{RUN}/suspects.json")
    assert (directory.path / "suspects.json").read_text() == on_box
    written = directory.suspects()
    assert written
    assert {each.constraint for each in written.suspects} >= {"wal-flush"}
    first = decoded(control.records(BOX, RUN))
    assert {record.trial.block for record in first if record.trial.without and not record.trial.alone_of} == set(
        range(2, BLOCKS + 1)
    )
