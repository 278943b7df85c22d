import os

from bench.model.fingerprint import Unreadable
from bench.probes import fsync
from bench.probes.fsync import fsync_facts, fsync_per_second


def test_flushes_are_counted_and_nothing_is_left_behind(tmp_path, monkeypatch):
    flushes = []
    monkeypatch.setattr(os, "fdatasync", flushes.append)
    monkeypatch.setattr(fsync, "monotonic", lambda: 10 + len(flushes) / 128)  # each takes so long
    assert fsync_per_second(tmp_path, seconds=0.5) == 128
    assert len(flushes) == 64
    assert list(tmp_path.iterdir()) == []


def test_one_flush_that_takes_longer_than_the_time_is_a_figure_too(tmp_path):
    rate = fsync_per_second(tmp_path, seconds=0)
    assert isinstance(rate, float)
    assert rate > 0


def test_a_directory_that_does_not_exist_gives_the_reason(tmp_path):
    fact = fsync_per_second(tmp_path / "nowhere")
    assert fact == Unreadable(unreadable="nothing could be written and flushed there: No such file or directory")


def test_a_disk_that_fails_gives_the_reason_and_nothing_is_left_behind(tmp_path, monkeypatch):
    def fails(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", fails)
    fact = fsync_per_second(tmp_path)
    assert fact == Unreadable(unreadable="nothing could be written and flushed there: Input/output error")
    assert list(tmp_path.iterdir()) == []


def test_several_readings_give_the_middle_and_the_ends(tmp_path, monkeypatch):
    rates = iter([344.0, 85.0, 5228.0, 11757.0, 812.0])
    monkeypatch.setattr(fsync, "fsync_per_second", lambda *_: next(rates))
    assert fsync_facts(tmp_path) == {
        "fsync_per_s": 812.0,
        "fsync_per_s_least": 85.0,
        "fsync_per_s_most": 11757.0,
    }


def test_a_reading_that_fails_is_the_reason_for_all(tmp_path):
    assert list(fsync_facts(tmp_path / "nowhere")) == ["fsync_per_s"]
