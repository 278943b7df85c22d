"""A run of cuts on disk: begun once, each cut on the disk before the next, a line that was cut short none."""

import pytest

from bench.model.errors import DataError, UsageError
from bench.store.cut_directory import JOURNAL, CutDirectory, find_cuts
from tests.cuts import cut, plan


@pytest.fixture
def run(tmp_path):
    made = CutDirectory(tmp_path / "results" / "r" / "box")
    made.begin(plan(power=2))
    return made


def test_what_was_written_is_read_again(run):
    assert run.records() == []
    records = [cut(number=1), cut(number=2, lost=3, ms=1.5)]
    for each in records:
        run.append(each)
    assert (run.plan(), run.records()) == (plan(power=2), records)


def test_a_line_that_was_cut_short_is_none_and_goes_with_the_next(run):
    run.append(cut())
    whole = (run.path / JOURNAL).read_bytes()
    (run.path / JOURNAL).write_bytes(whole + whole[:50])
    assert run.records() == [cut()]
    run.append(cut(number=2))
    assert run.records() == [cut(), cut(number=2)]


def test_a_first_line_that_was_cut_short_is_none(run):
    (run.path / JOURNAL).write_bytes(b'{"schema"')
    assert run.records() == []
    run.append(cut())
    assert run.records() == [cut()]


def test_a_directory_with_something_in_it_is_refused_and_so_is_one_without_a_run(run, tmp_path):
    with pytest.raises(UsageError, match=r"is not empty; .* pgladder durability --resume"):
        run.begin(plan(power=1))
    with pytest.raises(UsageError, match="holds no run of cuts"):
        find_cuts(tmp_path)
    with pytest.raises(UsageError, match="holds no run of cuts"):
        CutDirectory(tmp_path).plan()
    assert [each.path for each in find_cuts(run.path.parent)] == [run.path] == [run.path for _ in find_cuts(run.path)]


def test_a_damaged_line_is_named(run):
    (run.path / JOURNAL).write_bytes(b"{}\n")
    with pytest.raises(DataError, match=JOURNAL):
        run.records()
