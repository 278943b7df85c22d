"""Files that are there whole or not at all, also where there is no room for them."""

import os

import pytest

from bench.files import write_whole


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
