"""pgladder report: the page beside the files, and what is refused."""

import json
import shutil

import pytest

from bench.cli.main import main
from bench.report.page.assets import Assets
from bench.results import read as offline
from bench.store.run_directory import RunDirectory
from tests.builders import a_host, a_plan, a_record, a_trial, samples_of, void
from tests.kept import KEPT, NAMES


@pytest.fixture(autouse=True)
def _drawn_quickly(monkeypatch):
    monkeypatch.setattr("bench.report.page.assets.assets", lambda: Assets("/* vega */", {}))


@pytest.fixture
def run(tmp_path):
    return written(tmp_path / "run" / "bench-1")


def written(path, *records, finish=True):
    directory = RunDirectory(path)
    directory.begin(a_plan(a_trial(1), a_trial(2)))
    directory.write_host(a_host())
    for record in records or (a_record(1), a_record(2)):
        directory.open_trial(*record.key)
        directory.append(record, samples_of(record))
    if finish:
        directory.finish()
    return path


def report(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main(["report", *map(str, arguments)])
    told = capsys.readouterr()
    return end.value.code, told.out, told.err


def test_the_page_lies_beside_the_files_and_is_none_of_them(run, capsys):
    for _ in range(2):  # the second time it is there already
        code, out, err = report(capsys, run)
        assert (code, err) == (0, "")
        assert str(run / "report.html") in out.replace("\n", "")
    assert RunDirectory(run).check_sums()


@pytest.mark.parametrize("out", [[], ["--out"]])
def test_a_page_replaces_a_link_and_leaves_what_it_leads_to(run, capsys, tmp_path, out):
    theirs, page = tmp_path / "theirs", run / "report.html"
    theirs.write_text("untouched")
    page.symlink_to(theirs)
    assert report(capsys, run, *out, *[page for _ in out])[0] == 0
    assert (theirs.read_text(), page.is_symlink()) == ("untouched", False)
    assert "bench-1" in page.read_text()


def test_a_detail_with_several_lines_is_shown_as_one(tmp_path, capsys):
    run = written(tmp_path / "run", a_record(1), a_record(2, **void(detail="lost\nNote: all is well")), finish=False)
    with pytest.raises(SystemExit):
        main(["ladder", str(run)])
    told = capsys.readouterr().out
    assert "lost Note: all is well" in " ".join(told.split())
    assert "\nNote: all" not in told


def test_hosts_below_a_directory_share_one_page(run, capsys):
    written(run.parent / "bench-2")
    assert report(capsys, run.parent)[0] == 0
    html = (run.parent / "report.html").read_text()
    assert "bench-1" in html
    assert "bench-2" in html


def test_the_page_may_lie_elsewhere_and_programs_are_told_where(run, capsys, tmp_path):
    code, out, _ = report(capsys, run, "--out", tmp_path / "page.html", "--json")
    assert (code, json.loads(out)) == (0, {"page": str(tmp_path / "page.html")})
    assert not (run / "report.html").exists()


@pytest.mark.parametrize("name", ["plan.json", "host.json", "trials.jsonl", "samples/2.jsonl"])
@pytest.mark.parametrize("harm", [lambda text: text[:-9], lambda text: text.replace(b"1", b"2", 1), lambda _text: b""])
def test_a_file_that_was_changed_or_cut_is_refused_by_name(run, capsys, name, harm):
    file = run / name
    file.write_bytes(harm(file.read_bytes()))
    code, out, err = report(capsys, run)
    assert (code, out) == (2, "")
    assert str(file) in err
    assert not (run / "report.html").exists()


@pytest.mark.parametrize("name", ["plan.json", "host.json", "samples/2.jsonl"])
def test_a_file_that_was_cut_is_refused_by_name_where_there_are_no_checksums(tmp_path, capsys, name):
    file = written(tmp_path / "open", finish=False) / name
    file.write_bytes(file.read_bytes()[:-9])
    code, _, err = report(capsys, file.parents[name.count("/")])
    assert code == 2
    assert str(file) in err


def test_a_run_with_void_or_missing_trials_gets_its_page_and_the_code_says_so(tmp_path, capsys):
    for name, records in (("void", [a_record(1), a_record(2, **void())]), ("missing", [a_record(1)])):
        assert report(capsys, written(tmp_path / name, *records, finish=False))[0] == 1
        assert (tmp_path / name / "report.html").is_file()


def test_what_is_read_is_what_was_written(run):
    found = offline.read(RunDirectory(run))
    assert (found.directory, found.sealed, list(found.begun)) == ("bench-1", True, [])
    assert list(found.samples) == list(found.histograms) == [(1, 1), (2, 1)]


def test_a_record_that_was_changed_and_sealed_anew_is_refused_by_what_its_samples_make(run, capsys):
    trials = run / "trials.jsonl"
    twice = trials.read_bytes().replace(b'"insert_s":9.', b'"insert_s":4.')
    assert twice != trials.read_bytes()
    trials.write_bytes(twice)
    RunDirectory(run).finish()
    code, _, err = report(capsys, run)
    assert code == 2
    assert f"{trials}: the clients' time for its commits" in err


def test_a_page_that_cannot_be_written_is_refused_in_a_sentence(run, capsys, tmp_path):
    page = tmp_path / "nowhere/page.html"
    code, out, err = report(capsys, run, "--out", page)
    assert (code, out) == (2, "")
    assert err.startswith(f"pgladder: {page} can't be written (")
    assert err.endswith("): name another place for the page.\n")


def test_a_directory_in_place_of_the_page_is_refused_in_one_sentence_that_names_a_file_in_it(run, capsys, tmp_path):
    code, out, err = report(capsys, run, "--out", tmp_path)
    assert (code, out) == (2, "")
    assert err == (
        f"pgladder: {tmp_path} is a directory, and the page is a file: name one in it, as {tmp_path / 'report.html'}.\n"
    )


def test_a_run_that_is_kept_without_its_samples_has_its_page_and_says_what_is_not_known(run, capsys):
    shutil.rmtree(run / "samples")
    (run / "comparison.json").write_text("{}")
    code, _, err = report(capsys, run)
    assert (code, err) == (0, "")
    assert "The samples of this run are not kept here" in (run / "report.html").read_text()
    found = offline.ladder_of(offline.read(RunDirectory(run)))
    [rung] = found.ladders[0].rungs
    assert (rung.latency_ms.p50, rung.latency_ms.mean) == (None, pytest.approx(a_record().latency_ms.mean))


def test_a_run_that_is_not_sealed_and_has_lost_its_samples_is_refused(tmp_path, capsys):
    path = written(tmp_path / "open", finish=False)
    shutil.rmtree(path / "samples")
    code, _, err = report(capsys, path)
    assert code == 2
    assert "samples/1.jsonl is missing" in err


@pytest.mark.parametrize("name", NAMES)
def test_what_the_project_keeps_itself_is_told_as_a_ladder_and_as_a_page(name, capsys, tmp_path):
    kept = KEPT / name
    assert report(capsys, kept, "--out", tmp_path / "page.html")[0] in {0, 1}  # a refused variant is a void trial
    assert (tmp_path / "page.html").is_file()
    assert len(offline.ladder_of(offline.read(RunDirectory(kept))).ladders) > 5
