"""The file that is written and never flushed: what proves that a box lost its power."""

import pytest

from bench.box.power import NEVER_FLUSHED, Beats, _servers
from bench.power.wire import Hello
from tests.cuts import plan


@pytest.mark.parametrize(
    ("content", "last"),
    [
        (None, None),
        (b"", 0),
        (b"1\n2\n3\n", 3),
        (b"1\n2\n3", 2),
        (b"1\n2\n" + bytes(100), 2),
        (bytes(4096), 0),
        (bytes(4) + b"\n7\n", 7),
    ],
)
def test_the_last_whole_number_counts_whatever_a_file_system_left(tmp_path, content, last):
    if content is not None:
        (tmp_path / NEVER_FLUSHED).write_bytes(content)
    assert Beats(tmp_path).last() == last


def test_each_server_begins_anew_and_in_the_end_there_is_no_file(tmp_path, capfdbinary):
    beats = Beats(tmp_path)
    for _ in range(2):
        beats.begin()
        assert beats.last() == 0
        beats._beat()
        beats._beat()
        assert beats.last() == 2
    assert capfdbinary.readouterr().out == b"1\n2\n1\n2\n"
    beats.forget()
    assert beats.last() is None


@pytest.mark.parametrize(
    ("begins", "ordered", "kept"), [(False, False, True), (False, True, False), (True, False, False)]
)
def test_what_a_cut_left_waits_for_the_first_order(tmp_path, begins, ordered, kept):
    """A connection that is lost before that is made anew, and asks what is there."""
    place = tmp_path / "power"
    place.mkdir()
    (place / NEVER_FLUSHED).write_bytes(b"1\n2\n")
    with _servers(place, tmp_path, Hello(plan=plan(machine=1), password="x", begins=begins)) as servers:
        servers.ordered = ordered
    assert place.exists() == kept
    assert Beats(place).last() == (2 if kept else None)
