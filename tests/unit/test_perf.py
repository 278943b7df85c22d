"""What benchmarks of pgladder itself read and show is sound, or they would time a refusal, or nothing."""

import pytest

from bench.analysis.collection import ranked_cells
from bench.questions.compare import compared
from bench.results.read import read
from bench.results.shared_files import shared_files
from bench.results.vocabulary import own_words
from bench.store.run_directory import RunDirectory
from bench.workload.recorder import FOLD
from tests.perf import analysis, collections, pages
from tests.perf.claims import Claim
from tests.perf.recording import recorder_bytes
from tests.perf.scheduling import share_of_time
from tests.perf.trials import Blocks, Rate


def test_the_run_whose_page_is_timed_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "BLOCKS", 1)
    pages.write_run(tmp_path)
    assert read(RunDirectory(tmp_path)).complete


def test_the_runs_whose_comparison_is_timed_are_compared(tmp_path):
    analysis.write_runs(tmp_path, 2)
    [report] = compared(tmp_path)
    assert len(report.runs) == 2


def test_the_shared_files_whose_page_is_timed_have_no_flaw_and_are_ranked(tmp_path):
    collections.write_shared(tmp_path, 3)
    files = shared_files(tmp_path, own_words())
    assert [file.flaws for file in files] == [[], [], []]
    assert {len(ranked.placed) for ranked in ranked_cells([file.entry for file in files])} == {3}


@pytest.mark.parametrize(
    ("bounds", "outcome", "words"),
    [({"at_least": 1.8}, "held", "≥ 1.8"), ({"at_least": 1.99}, "not told", "≥ 1.99"),
     ({"at_least": 2.01}, "not told", "≥ 2.01"), ({"at_least": 2.2}, "missed", "≥ 2.2"),
     ({"at_most": 2.2}, "held", "≤ 2.2"), ({"at_most": 2.01}, "not told", "≤ 2.01"),
     ({"at_most": 1.8}, "missed", "≤ 1.8"), ({}, None, "")],
)  # fmt: skip
def test_a_claim_is_held_or_missed_where_the_whole_interval_is_on_one_side_of_its_bound(bounds, outcome, words):
    claim = Claim(what="", values=[1.96, 2.0, 2.04], **bounds)
    assert (claim.outcome, claim.bound) == (outcome, words)


def test_one_block_tells_nothing_of_a_claim():
    assert Claim(what="", values=[5.0], at_least=1.0).outcome == "not told"


def test_ratios_are_taken_within_a_block():
    ones, others = iter([1.0, 30.0]), iter([2.0, 20.0])
    found = Blocks(2, {"one": lambda: Rate(next(ones)), "other": lambda: Rate(next(others))})
    assert found.over("one", "other") == [0.5, 1.5]


def test_a_hundred_times_as_many_records_take_no_more_memory_than_there_are_buckets():
    few, many = recorder_bytes(FOLD * 4), recorder_bytes(FOLD * 400)
    assert few < many < 5_000_000


@pytest.mark.parametrize("of", [("2-B", None), ("2-D", 20.0)])
def test_a_schedule_whose_cost_is_measured_takes_time_of_its_clients_and_not_all_of_it(of):
    assert 0 < share_of_time(*of, seconds=0.5) < 100
