"""A run here: where there is no terminal, no trial is silent for long."""

import io
import time

from rich.console import Console

from bench.report import progress
from bench.report.progress import RunProgress
from tests.builders import a_plan, a_record, a_trial


def shown(monkeypatch, *, terminal=False):
    monkeypatch.setattr(progress, "SILENT_S", 0.02)
    out = Console(file=io.StringIO(), width=80, force_terminal=terminal)
    return out, RunProgress(out, 150.0, a_plan())


def lines(out):
    return [line for line in out.file.getvalue().splitlines() if "under way" in line]


def waited(out, count):
    for _ in range(500):
        if len(lines(out)) >= count:
            return True
        time.sleep(0.01)
    return False


def test_a_long_trial_says_now_and_then_that_it_is_under_way_until_it_ends(monkeypatch):
    out, view = shown(monkeypatch)
    view.begins(a_trial(3), 4, 6)
    assert waited(out, 2)
    assert set(lines(out)) == {"under way: trial 3 of 6, 2-C stock plain tcp, 10 min left"}
    view.ended(a_record(3))
    before = len(lines(out))
    time.sleep(0.1)
    assert len(lines(out)) - before <= 1
    view.close()


def test_each_trial_has_its_own_line_and_none_is_printed_after_the_run(monkeypatch):
    out, view = shown(monkeypatch)
    view.begins(a_trial(1), 2, 2)
    assert waited(out, 1)
    view.begins(a_trial(2), 1, 2)
    assert waited(out, len(lines(out)) + 2)
    assert "trial 2 of 2" in lines(out)[-1]
    view.close()
    time.sleep(0.1)
    before = len(lines(out))
    time.sleep(0.1)
    assert len(lines(out)) == before


def test_on_a_terminal_the_bar_says_it(monkeypatch):
    out, view = shown(monkeypatch, terminal=True)
    view.begins(a_trial(1), 2, 2)
    time.sleep(0.1)
    view.close()
    assert lines(out) == []
