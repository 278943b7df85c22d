"""A run that travels: whole or not at all, new files only, readable at any moment."""

import io
import os
import tarfile
import threading
from unittest.mock import ANY

import pytest

from bench.store import transfer as parcel
from bench.store.run_directory import RunDirectory
from bench.store.transfer import DamagedError, TooMuchError, Transfer, digests, pack, unpack
from tests.builders import a_plan, a_record, a_samples


@pytest.fixture
def box(tmp_path):
    """A run on a box with one of its two trials recorded."""
    directory = RunDirectory(tmp_path / "box")
    directory.begin(a_plan())
    directory.append(a_record(1), a_samples(1))
    return directory


@pytest.fixture
def here(tmp_path):
    return tmp_path / "here"


def sent(directory, have=None):
    out = io.BytesIO()
    pack(directory.path, have or {}, out)
    return out.getvalue()


def arrive(text, here):
    return unpack(io.BytesIO(text), here)


def test_what_arrives_is_what_was_sent(box, here):
    box.finish()
    assert arrive(sent(box), here).sealed
    assert digests(here) == digests(box.path)
    assert RunDirectory(here).check_sums()


def test_a_run_under_way_arrives_as_one_without_checksums(box, here):
    arrived = arrive(sent(box), here)
    assert (arrived.files, arrived.sealed) == (3, False)
    assert not RunDirectory(here).check_sums()
    assert RunDirectory(here).records() == box.records()


def test_what_is_there_already_is_not_sent_again(box, here):
    arrive(sent(box), here)
    box.append(a_record(2), a_samples(2))
    again = arrive(sent(box, digests(here)), here)
    assert again.files == 2  # the samples, the journal
    assert arrive(sent(box, digests(here)), here) == Transfer(0, 0, sealed=False)


def test_checksums_that_the_box_took_back_are_taken_back_here(box, here):
    box.finish()
    arrive(sent(box), here)
    box.reopen()
    arrive(sent(box, digests(here)), here)
    assert not (here / "SHA256SUMS").exists()


def test_a_run_that_was_cancelled_arrives_as_one_until_it_is_gone_on_with(box, here):
    (box.path / "cancelled").touch()
    for have in ({}, digests(box.path)):
        arrive(sent(box, have), here)
        assert RunDirectory(here).cancelled()
    box.reopen()
    arrive(sent(box, digests(here)), here)
    assert not RunDirectory(here).cancelled()


def test_a_cancel_that_came_when_the_run_had_ended_changes_nothing(box, here):
    (box.path / "cancelled").touch()
    box.finish()
    assert arrive(sent(box), here).sealed
    assert not box.cancelled()
    assert RunDirectory(here).check_sums()
    (here / "cancelled").touch()
    assert RunDirectory(here).check_sums()


def test_a_page_built_beside_the_files_stays_and_is_none_of_them(box, here):
    box.finish()
    arrive(sent(box), here)
    (here / "report.html").write_text("a page")
    assert arrive(sent(box, digests(here)), here).files == 0
    assert RunDirectory(here).check_sums()


def test_a_stream_cut_anywhere_leaves_only_whole_files(box, here):
    box.finish()
    text, whole = sent(box), digests(box.path)
    for cut in range(0, len(text.rstrip(b"\0")), 97):
        with pytest.raises(DamagedError):
            arrive(text[:cut], here)
        there = digests(here)
        assert there == {name: whole[name] for name in there}


def test_a_byte_that_changed_on_the_way_is_noticed(box, here):
    text = sent(box)
    at = text.index(b'"schema":"pgladder/plan/2"')
    with pytest.raises(DamagedError, match=r"plan\.json did not come as it was sent"):
        arrive(text[:at] + b" " + text[at + 1 :], here)
    assert not here.exists()


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "samples/../../evil", "plan.json.part", "other"])
def test_a_file_that_is_none_of_a_run_is_refused(here, name):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as stream:
        stream.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(DamagedError, match="is no file of a run"):
        arrive(out.getvalue(), here)
    assert [path for path in here.rglob("*") if path.is_file()] == []


def test_a_half_written_file_on_the_box_is_not_sent(box, here):
    (box.path / "samples" / "2.jsonl.part").write_text("half")
    arrive(sent(box), here)
    assert list((here / "samples").iterdir()) == [here / "samples" / "1.jsonl"]


def test_a_file_damaged_here_is_brought_again_with_the_checksums_of_the_run(box, here):
    box.finish()
    arrive(sent(box), here)
    damaged = next((here / "samples").iterdir())
    damaged.write_text("x")
    assert arrive(sent(box, digests(here)), here) == Transfer(2, ANY, sealed=True)
    assert RunDirectory(here).check_sums()


def test_two_pulls_at_once_leave_a_whole_run(box, here):
    box.finish()
    text, errors = sent(box), []

    def pull():
        try:
            for _ in range(20):
                arrive(text, here)
        except OSError as error:
            errors.append(error)

    pulls = [threading.Thread(target=pull) for _ in range(2)]
    for each in pulls:
        each.start()
    for each in pulls:
        each.join()
    assert errors == []
    assert digests(here) == digests(box.path)
    assert [path.name for path in here.rglob("*.part")] == []


def test_what_a_pull_that_was_cut_off_left_half_written_is_none_of_the_run_and_goes_with_the_next(box, here):
    box.finish()
    arrive(sent(box), here)
    ours, old = here / "plan.json.1234.part", here / "samples" / "1.jsonl.5678.part"
    for part in (ours, old):
        part.write_text("half")
    os.utime(old, (0, 0))
    assert RunDirectory(here).check_sums()
    arrive(sent(box, digests(here)), here)
    assert (ours.exists(), old.exists()) == (True, False)


def test_the_plan_comes_first_so_that_a_cut_pull_is_one_that_is_seen(box):
    with tarfile.open(fileobj=io.BytesIO(sent(box)), mode="r|") as stream:
        names = [member.name for member in stream]
    assert names == ["plan.json", "samples/1.jsonl", "trials.jsonl", "PGLADDER.end"]


@pytest.mark.parametrize("text", [b"", b"no tar at all" * 99])
def test_where_nothing_came_nothing_is_left(here, text):
    with pytest.raises(DamagedError):
        arrive(text, here / "nope" / "n100")
    assert not here.exists()


@pytest.mark.parametrize("mark", [b"\xff", b"cancelle", b"SHA256SUMS\n"])
def test_an_end_that_was_damaged_is_noticed(box, here, mark):
    box.finish()
    arrive(sent(box), here)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as stream:
        member = tarfile.TarInfo("PGLADDER.end")
        member.size = len(mark)
        stream.addfile(member, io.BytesIO(mark))
    with pytest.raises(DamagedError, match=r"PGLADDER\.end did not come as it was sent"):
        arrive(out.getvalue(), here)
    assert RunDirectory(here).check_sums()


class Watched(io.BytesIO):
    """What comes, and the most that was asked for at once."""

    most = 0

    def read(self, size=-1):
        self.most = max(self.most, size)
        return super().read(size)


def a_member(name="samples/1.jsonl", size=0, kind=tarfile.REGTYPE):
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "name", ["samples/1.jsonl", "plan.json", "host.json", "trials.jsonl", "SHA256SUMS", "PGLADDER.end"]
)
def test_a_file_larger_than_any_of_a_run_is_refused_before_it_is_read(here, name):
    source = Watched(a_member(name, 2_500_000_000))
    with pytest.raises(TooMuchError, match="shall have 2,500,000,000 bytes; in a run it has "):
        unpack(source, here)
    assert source.most == tarfile.BLOCKSIZE
    assert not here.exists()


LONG = [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.GNUTYPE_SPARSE, tarfile.XGLTYPE, tarfile.SYMTYPE]


@pytest.mark.parametrize("kind", LONG)
@pytest.mark.parametrize("size", [3, 2_500_000_000])
def test_what_is_no_plain_file_is_refused_before_it_is_read(here, kind, size):
    source = Watched(a_member(size=size, kind=kind))
    with pytest.raises(DamagedError, match="is no file of a run"):
        unpack(source, here)
    assert source.most == tarfile.BLOCKSIZE


def test_a_long_header_is_refused_before_it_is_read(here):
    source = Watched(a_member("PaxHeaders/x", 2_500_000_000, tarfile.XHDTYPE))
    with pytest.raises(TooMuchError):
        unpack(source, here)
    assert source.most == tarfile.BLOCKSIZE


@pytest.mark.parametrize(("bound", "most"), [("MOST_FILES", 2), ("MOST_RUN_BYTES", 100)])
def test_more_than_a_run_is_refused(box, here, monkeypatch, bound, most):
    box.finish()
    monkeypatch.setattr(parcel, bound, most)
    with pytest.raises(TooMuchError, match="what came is more than a run"):
        arrive(sent(box), here)
