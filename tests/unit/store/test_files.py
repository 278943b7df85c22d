"""Files that are there whole or not at all, also where there is no room for them, links lie in wait, or two write."""

import os
import threading
from pathlib import Path

import pytest

from bench.store.files import make_directories, open_own, write_whole


def test_a_file_that_does_not_fit_leaves_the_one_before_and_no_part_of_itself(tmp_path, monkeypatch):
    path = tmp_path / "plan.json"
    write_whole(path, b"before")

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"after")
    assert [each.name for each in tmp_path.iterdir()] == ["plan.json"]
    assert path.read_bytes() == b"before"


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_replaced_and_what_it_leads_to_is_left(tmp_path, there):
    path, theirs = tmp_path / "report.html", tmp_path / "theirs"
    if there:
        theirs.write_text("untouched")
    path.symlink_to(theirs)
    write_whole(path, b"ours")
    assert not path.is_symlink()
    assert path.read_bytes() == b"ours"
    assert (theirs.read_text() if theirs.exists() else None) == ("untouched" if there else None)


def test_a_link_at_the_old_name_of_the_part_is_not_followed(tmp_path):
    path, theirs = tmp_path / "plan.json", tmp_path / "theirs"
    theirs.write_text("untouched")
    path.with_name("plan.json.part").symlink_to(theirs)
    write_whole(path, b"ours")
    assert theirs.read_text() == "untouched"


@pytest.mark.parametrize("path", [Path("/dev/null"), Path("/dev"), Path("/dev/stdout")])
def test_what_is_no_file_is_not_replaced_by_one(path, monkeypatch):
    monkeypatch.setattr(Path, "replace", lambda *_: pytest.fail("replaced"))
    if path.is_file():
        pytest.skip("standard output is a file here")
    with pytest.raises(FileExistsError, match=f"{path} is no file, and is not replaced"):
        write_whole(path, b"ours")


def test_two_that_write_one_file_leave_it_whole_at_every_moment(tmp_path):
    path, errors, torn = tmp_path / "SHA256SUMS", [], []
    texts = [letter * 20_000 for letter in (b"a", b"b")]
    write_whole(path, texts[0])

    def write(text):
        try:
            for _ in range(100):
                write_whole(path, text)
        except OSError as error:
            errors.append(error)

    writers = [threading.Thread(target=write, args=[text]) for text in texts]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        torn += [found for found in [path.read_bytes()] if found not in texts]
    for writer in writers:
        writer.join()
    assert (errors, torn) == ([], [])
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_not_opened_to_be_added_to(tmp_path):
    theirs = tmp_path / "theirs"
    theirs.write_text("untouched")
    (tmp_path / "trials.jsonl").symlink_to(theirs)
    with pytest.raises(OSError, match="symbolic links"):
        open_own(tmp_path / "trials.jsonl", os.O_WRONLY | os.O_APPEND)


@pytest.mark.parametrize("mask", [0o022, 0o027, 0o077])
def test_directories_have_the_mode_asked_for_under_any_umask(tmp_path, mask):
    before = os.umask(mask)
    try:
        made = make_directories(tmp_path / "a" / "b", 0o755)
    finally:
        os.umask(before)
    assert made == [tmp_path / "a", tmp_path / "a" / "b"]
    assert [each.stat().st_mode & 0o777 for each in made] == [0o755, 0o755]
    assert make_directories(tmp_path / "a" / "b", 0o755) == []
