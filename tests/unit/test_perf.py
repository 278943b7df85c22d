"""What benchmarks of pgladder itself read and show is sound, or they would time a refusal, or nothing."""

from bench.questions.compare import compared
from bench.results.read import read
from bench.store.run_directory import RunDirectory
from tests.perf import analysis, pages


def test_the_run_whose_page_is_timed_is_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "BLOCKS", 1)
    pages.write_run(tmp_path)
    assert read(RunDirectory(tmp_path)).complete


def test_the_runs_whose_comparison_is_timed_are_compared(tmp_path):
    analysis.write_runs(tmp_path, 2)
    [report] = compared(tmp_path)
    assert len(report.runs) == 2
