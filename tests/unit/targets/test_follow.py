from queue import SimpleQueue
from types import SimpleNamespace

import pytest

from bench.model.codec import to_json
from bench.model.errors import DataError
from bench.remote.errors import TooMuchOutputError, UnreachableError
from bench.targets import follow
from bench.targets.follow import MOST_RECORD_BYTES, _Reader
from tests.builders import a_record, compared_run

LINE = to_json(a_record(1)) + b"\n"
GARBLED = LINE[:40] + LINE


def a_reader() -> _Reader:
    plan = compared_run({"stock": [1.0], "other": [1.0]}).plan
    return _Reader("rm1", plan, SimpleNamespace(), SimpleQueue())


def test_records_come_in_pieces_and_the_offset_is_that_of_whole_lines():
    reader = a_reader()
    reader.take(LINE + LINE[:10])
    assert reader.offset == len(LINE)
    reader.take(LINE[10:])
    assert reader.offset == 2 * len(LINE)


def test_a_line_that_was_written_anew_under_our_eyes_is_read_again():
    reader = a_reader()
    reader.take(LINE)
    with pytest.raises(UnreachableError, match="written anew"):
        reader.take(GARBLED)
    reader.begins()
    reader.take(LINE)
    assert reader.offset == 2 * len(LINE)


def test_a_line_that_is_none_twice_is_refused():
    reader = a_reader()
    with pytest.raises(UnreachableError):
        reader.take(GARBLED)
    reader.begins()
    with pytest.raises(DataError, match="at byte 0"):
        reader.take(GARBLED)


def test_a_line_without_end_is_not_listened_to():
    reader, chunk = a_reader(), b"x" * (1 << 16)
    for _ in range(MOST_RECORD_BYTES // len(chunk)):
        reader.take(chunk)
    with pytest.raises(TooMuchOutputError, match=r"rm1: it sends more than 1,048,576 bytes, as no pgladder does"):
        reader.take(chunk)


def test_records_without_end_are_not_listened_to(monkeypatch):
    monkeypatch.setattr(follow, "MORE_RECORDS", 3)
    reader = a_reader()
    lines = 2 * 2 + 3  # a plan of two trials
    reader.take(LINE * lines)
    with pytest.raises(TooMuchOutputError, match="rm1: it sends without end"):
        reader.take(LINE)
