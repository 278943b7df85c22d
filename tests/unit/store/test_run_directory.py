"""What was recorded survives; what was not quite recorded is not mistaken for a record."""

import json
import re
import subprocess
from pathlib import Path
from subprocess import DEVNULL

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.codec import to_json
from bench.model.errors import DataError, HostError, UsageError
from bench.store.run_directory import RunDirectory, find_all_runs, find_runs
from tests.builders import a_host, a_plan, a_record, a_samples


@pytest.fixture
def run(tmp_path):
    directory = RunDirectory(tmp_path / "run" / "bench-1")
    directory.begin(a_plan())
    return directory


def record(run, trial, attempt=1):
    run.open_trial(trial, attempt)
    run.append(a_record(trial, attempt=attempt), a_samples(trial, attempt))


def journal(run):
    return run.path / "trials.jsonl"


@pytest.fixture
def finished(run):
    run.write_host(a_host())
    record(run, 1)
    record(run, 2)
    run.finish()
    return run


# --- writing and reading ---------------------------------------------------------------------------------------------


def test_what_was_written_is_read(finished):
    assert finished.plan() == a_plan()
    assert finished.host() == a_host()
    assert finished.records() == [a_record(1), a_record(2)]
    assert finished.samples(2, 1) == a_samples(2)


def test_records_keep_the_order_in_which_they_were_written(run):
    for trial in (5, 1, 3):
        record(run, trial)
    assert [each.trial.number for each in run.records()] == [5, 1, 3]


def test_a_new_run_has_no_records_and_no_host(run):
    assert run.records() == []
    assert run.host() is None
    assert run.interrupted() == []


def test_attempts_of_a_trial_keep_their_samples_apart(run):
    record(run, 4)
    record(run, 4, attempt=2)
    assert (run.samples(4, 1).attempt, run.samples(4, 2).attempt) == (1, 2)


def test_nothing_half_written_is_left(finished):
    assert not list(finished.path.rglob("*.part"))


def test_a_directory_with_something_in_it_is_not_taken_and_not_touched(finished):
    before = {path: path.read_bytes() for path in finished.path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match=r"is not empty; .* --resume"):
        finished.begin(a_plan(seed=99))
    assert {path: path.read_bytes() for path in finished.path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("below", ["", "deeper"])
def test_a_file_where_the_directory_should_be_is_refused(tmp_path, below):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(HostError, match=r"can't hold results .* choose another --out"):
        RunDirectory(tmp_path / "file" / below).begin(a_plan())
    assert (tmp_path / "file").read_text() == "mine"


def test_a_recorded_trial_without_samples_is_named(run):
    record(run, 1)
    (run.path / "samples" / "1.jsonl").unlink()
    with pytest.raises(DataError, match=r"samples/1\.jsonl is missing"):
        run.samples(1, 1)


# --- crashes ---------------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.data())
def test_a_line_cut_short_by_a_crash_is_not_a_record(tmp_path_factory, data):
    run = RunDirectory(tmp_path_factory.mktemp("cut"))
    run.begin(a_plan())
    record(run, 1)
    whole = journal(run).read_bytes()
    kept = data.draw(st.integers(0, len(whole) - 1), "bytes of the second line that reached the disk")
    journal(run).write_bytes(whole + whole[:kept])
    assert run.records() == [a_record(1)]


def test_the_next_record_replaces_a_line_that_was_cut_short(run):
    record(run, 1)
    with journal(run).open("ab") as file:
        file.write(to_json(a_record(2))[:-7])
    record(run, 3)
    assert run.records() == [a_record(1), a_record(3)]
    assert journal(run).read_bytes().count(b"\n") == 2


def test_a_first_line_that_was_cut_short_is_replaced_too(run):
    journal(run).write_bytes(b'{"schema": "pgla')
    record(run, 1)
    assert run.records() == [a_record(1)]


def test_a_bad_line_that_is_whole_is_no_accident_and_is_named(run):
    record(run, 1)
    with journal(run).open("ab") as file:
        file.write(b"{}\n")
    record(run, 2)
    with pytest.raises(DataError, match=r"trials\.jsonl, line 2"):
        run.records()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"", "line 2 is not a valid pgladder/trial/2: Input data was truncated"),
        (b"{}", "line 2 has schema None where pgladder/trial/2 belongs"),
        (b'{"run":"r"}', "line 2 has schema None where pgladder/trial/2 belongs"),
        (b'{"schema":"pgladder/trial/3"}', "line 2 has schema pgladder/trial/3, newer than this pgladder reads"),
        (b'{"schema":"pgladder/trial/2"}', "line 2 is not a valid pgladder/trial/2: Object missing required field"),
    ],
)
def test_a_line_among_good_ones_that_is_no_record_is_named(run, line, told):
    good = to_json(a_record(1))
    (run.path / "trials.jsonl").write_bytes(b"\n".join([good, line, good, b""]))
    with pytest.raises(DataError, match=re.escape(f"trials.jsonl, {told}")):
        run.records()


def test_records_that_do_not_begin_with_their_schema_are_read_all_the_same(run):
    reordered = json.dumps(dict(reversed(json.loads(to_json(a_record(1))).items()))).encode()
    (run.path / "trials.jsonl").write_bytes(b"\n".join([to_json(a_record(2)), reordered, b""]))
    assert run.records() == [a_record(2), a_record(1)]


def test_a_journal_that_is_a_link_is_not_written_through(run, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.write_text("no line of ours")
    (run.path / "trials.jsonl").symlink_to(theirs)
    for step in (lambda: record(run, 1), run.reopen):
        with pytest.raises(OSError, match="symbolic links"):
            step()
    assert theirs.read_text() == "no line of ours"


def test_samples_are_not_written_where_a_link_leads_to(run, tmp_path):
    (run.path / "samples").rmdir()
    (run.path / "samples").symlink_to(tmp_path)
    with pytest.raises(UsageError, match="samples is a link"):
        run.reopen()


def test_a_trial_that_began_and_has_no_record_was_cut_short(run):
    record(run, 1)
    run.open_trial(2, 1)
    assert run.interrupted() == [(2, 1)]
    record(run, 2)
    run.open_trial(2, 2)
    run.open_trial(10, 1)
    assert run.interrupted() == [(2, 2), (10, 1)]


def test_a_trial_whose_samples_but_not_its_record_were_written_was_cut_short(run):
    record(run, 1)
    record(run, 2)
    journal(run).write_bytes(to_json(a_record(1)) + b"\n" + to_json(a_record(2)))
    assert run.interrupted() == [(2, 1)]


# --- checksums -------------------------------------------------------------------------------------------------------


def test_a_finished_run_is_as_its_checksums_say(finished):
    finished.check_sums()
    listed = {line.split("  ")[1] for line in (finished.path / "SHA256SUMS").read_text().splitlines()}
    assert listed == {"plan.json", "host.json", "trials.jsonl", "samples/1.jsonl", "samples/2.jsonl"}


def test_sha256sum_itself_agrees(finished):
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=finished.path, stdout=DEVNULL, check=True)


FILES = ["plan.json", "host.json", "trials.jsonl", "samples/2.jsonl"]


def refused(run):
    with pytest.raises(DataError) as refusal:
        run.check_sums()
    return str(refusal.value)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_changed_is_named(finished, name):
    path = finished.path / name
    path.write_bytes(path.read_bytes().replace(b"1", b"2", 1))
    assert f"{path} is not the file SHA256SUMS lists" in refused(finished)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_was_truncated_is_named(finished, name):
    path = finished.path / name
    path.write_bytes(path.read_bytes()[:-1])
    assert f"{path} is not the file SHA256SUMS lists" in refused(finished)


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_missing_is_named(finished, name):
    (finished.path / name).unlink()
    assert f"{finished.path / name} is missing" in refused(finished)


@pytest.mark.parametrize("name", ["notes.txt", "samples/3.jsonl", "deep/er"])
def test_a_file_that_is_not_listed_is_named(finished, name):
    path = finished.path / name
    path.parent.mkdir(exist_ok=True)
    path.touch()
    assert f"{path} is no file of this run" in refused(finished)


@settings(max_examples=15)
@given(st.integers(0, 300))
def test_checksums_that_were_cut_short_are_refused_wherever_they_end(tmp_path_factory, kept):
    run = RunDirectory(tmp_path_factory.mktemp("sums"))
    run.begin(a_plan())
    record(run, 1)
    run.finish()
    sums = run.path / "SHA256SUMS"
    sums.write_bytes(sums.read_bytes()[: min(kept, sums.stat().st_size - 1)])
    assert str(run.path) in refused(run)


def test_checksums_that_are_no_text_are_refused(finished):
    (finished.path / "SHA256SUMS").write_bytes(b"\xff\x00\n")
    assert "SHA256SUMS is cut short or damaged" in refused(finished)


def test_a_run_that_goes_on_has_no_checksums_until_it_ends_again(finished):
    finished.reopen()
    record(finished, 3)
    finished.check_sums()
    assert not (finished.path / "SHA256SUMS").exists()
    finished.finish()
    finished.check_sums()


def test_checksums_that_a_crash_left_half_written_are_written_anew(finished):
    (finished.path / "SHA256SUMS").rename(finished.path / "SHA256SUMS.part")
    finished.finish()
    finished.check_sums()


# --- finding runs ----------------------------------------------------------------------------------------------------


def test_a_run_is_found_at_its_own_directory_and_at_the_one_above(finished):
    assert [each.path for each in find_runs(finished.path)] == [finished.path]
    other = RunDirectory(finished.path.parent / "bench-0")
    other.begin(a_plan())
    assert [each.path for each in find_runs(finished.path.parent)] == [other.path, finished.path]


def test_runs_of_different_depths_are_all_found(tmp_path):
    places = [tmp_path / "one", tmp_path / "two" / "bench-1", tmp_path / "two" / "bench-2"]
    for place in places:
        RunDirectory(place).begin(a_plan())
    assert [each.path for each in find_all_runs(tmp_path)] == places
    assert [each.path for each in find_all_runs(tmp_path / "two")] == places[1:]
    assert [each.path for each in find_all_runs(tmp_path / "one")] == places[:1]


@pytest.mark.parametrize("path", ["", "nowhere"])
def test_a_directory_without_a_run_is_refused_by_name(tmp_path, path):
    with pytest.raises(UsageError, match=f"{tmp_path / path} holds no run"):
        find_runs(tmp_path / path)
    with pytest.raises(UsageError, match=r"there is no plan\.json in it"):
        RunDirectory(Path(tmp_path / path)).plan()


@pytest.mark.parametrize("name", ["samples/1.jsonl", "host.json", "trials.jsonl", "SHA256SUMS"])
def test_a_run_without_its_plan_is_named_and_not_left_out(tmp_path, name):
    run = tmp_path / "run"
    for box in ("one", "two"):
        RunDirectory(run / box).begin(a_plan())
    (run / "one" / name).write_text("{}")
    (run / "one" / "plan.json").unlink()
    for found, where in ((find_runs, run), (find_runs, run / "one"), (find_all_runs, tmp_path)):
        with pytest.raises(DataError, match=r"one has files of a run, but no plan\.json\. Pull the run again"):
            found(where)


def test_a_directory_in_which_nothing_is_has_lost_no_plan(tmp_path):
    (tmp_path / "one" / "samples").mkdir(parents=True)
    RunDirectory(tmp_path / "two").begin(a_plan())
    assert [each.path for each in find_runs(tmp_path)] == [tmp_path / "two"]


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (b'"rows_per_s":', b'"rows_per_s":-'),
        (b'"p50":', b'"p50":-'),
        (b'"started":"2026', b'"started":"yesterday, 2026'),
    ],
)
def test_a_record_that_no_trial_can_have_left_is_refused_by_its_line(run, right, wrong):
    good = to_json(a_record(1))
    bad = re.sub(right + rb"null", right + b"1", good).replace(right, wrong)
    assert bad != good
    (run.path / "trials.jsonl").write_bytes(good + b"\n" + bad + b"\n")
    with pytest.raises(DataError, match=r"trials\.jsonl, line 2 is not a valid"):
        run.records()
