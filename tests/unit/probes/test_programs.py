"""Who was busy: names alone, of others alone."""

import os
import time

import pytest

from bench.probes.programs import TICKS_PER_S, Process, busiest, parse_process, processes

LINE = "{} ({}) S {} 4242 4242 0 -1 4194304 500 0 0 0 {} {} {} {} 20 0 1 0 {} 1000 200 18446744073709551615"


@pytest.mark.parametrize("name", ["postgres", "a) R 1 (b", "tmux: server", "(sd-pam)", ""])
def test_a_line_is_read_whatever_the_name_holds(name):
    line = LINE.format(77, name, 5, 120, 30, 7, 3, 9999)
    assert parse_process(line) == Process(name=name, parent=5, began=9999, own_s=1.5, waited_for_s=0.1)


def test_a_name_can_hide_nothing_and_do_nothing_to_a_terminal():
    assert parse_process(LINE.format(77, "\x1b[2Jx\u202e", 5, 1, 0, 0, 0, 9)).name == "?[2Jx?"


def process(name, own, parent=1, waited_for=0, began=1):
    return Process(name=name, parent=parent, began=began, own_s=own, waited_for_s=waited_for)


def test_who_took_most_comes_first_by_what_was_taken_in_between():
    before = {10: process("old", 9000), 11: process("stress", 100), 12: process("stress", 100)}
    after = {10: process("old", 9050), 11: process("stress", 160), 12: process("stress", 160), 13: process("new", 80)}
    assert busiest(before, after, ()) == ["stress", "new", "old"]


def test_ours_and_their_children_are_no_others():
    after = {10: process("postgres", 900), 11: process("postgres", 800, parent=10), 12: process("python3", 700)}
    assert busiest({}, {**after, 13: process("stress", 5)}, {10, 12}) == ["stress"]


def test_a_child_of_ours_that_works_for_others_is_theirs():
    after = {10: process("postgres", 900), 11: process("postgres", 800, parent=10), 13: process("bash", 3)}
    assert busiest({}, after, {10}, {11}) == ["postgres"]


def test_what_short_lived_children_took_is_their_parents_but_not_what_they_took_before():
    before = {10: process("make", 5), 11: process("cc1", 500, parent=10), 12: process("sh", 5)}
    after = {10: process("make", 5, waited_for=560), 12: process("sh", 55), 13: process("idle", 1)}
    assert busiest(before, after, ()) == ["make", "sh"]


def test_what_a_whole_family_took_before_it_ended_is_not_its_heirs():
    before = {10: process("bash", 5), 11: process("make", 7, parent=10), 12: process("cc1", 900, parent=11)}
    after = {10: process("bash", 5, waited_for=950), 13: process("busy", 100)}
    assert busiest(before, after, ()) == ["busy", "bash"]


def test_a_number_that_was_given_anew_is_another_process():
    assert busiest({10: process("old", 900)}, {10: process("new", 30, began=2)}, ()) == ["new"]


def test_who_took_a_tenth_of_it_or_less_is_not_named_and_at_most_three_are():
    after = {number: process(f"p{number}", 100) for number in range(5)} | {9: process("small", 50)}
    assert busiest({}, after, ()) == ["p0", "p1", "p2"]
    assert busiest({}, {1: process("big", 91), 2: process("small", 9)}, ()) == ["big"]
    assert busiest({}, {}, ()) == []


def test_this_process_is_found_with_its_name_and_time():
    began = time.process_time()
    while time.process_time() - began < 0.05:
        pass
    ours = processes()[os.getpid()]
    assert ours.name
    assert ours.parent == os.getppid()
    # To less than a tick: /proc would have rounded it down to 10 ms.
    assert 0 <= time.process_time() - ours.own_s < 0.01
    assert began < ours.own_s


def test_times_of_a_process_are_finer_than_ticks():
    mine = [processes()[os.getpid()].own_s for _ in range(20)]
    assert len({round(own_s * TICKS_PER_S, 3) for own_s in mine}) > 10


def test_no_argument_is_read(tmp_path):
    (tmp_path / "proc/5").mkdir(parents=True)
    (tmp_path / "proc/5/stat").write_text(LINE.format(5, "x", 1, 1, 1, 1, 1, 1))
    (tmp_path / "proc/5/cmdline").mkdir()  # reading it would fail
    (tmp_path / "proc/6").mkdir()  # ended meanwhile
    assert list(processes(tmp_path)) == [5]
