"""The last lines of a terminal: what a ladder comes to, then the command for what comes next, in one line."""

import io
from dataclasses import replace

from rich.console import Console

from bench.analysis.ending import Next
from bench.analysis.ladder import ladder_report
from bench.model.record import OpenLoop
from bench.report.ladder_answer import show_answers
from tests.builders import a_host, a_record, pulled

COMMAND = "pgladder run --profile standard --variants " + " ".join(f"variant-{n}" for n in range(20))
CAME = OpenLoop(
    due=4000,
    late=3,
    late_while_free=0,
    skipped=0,
    beyond_limit=None,
    waiting=0,
    lag_mean_ms=0.1,
    lag_max_ms=2.0,
)


def climb(host="bench-1"):
    records = [
        a_record(1, "1", rows_per_s=117.0),
        a_record(2, "2-G", rows_per_s=590_000.0, settled_rows_per_s=532_000.0),
    ]
    return ladder_report(pulled(*records, host=replace(a_host(), host=host)))


def shown(*reports):
    out = Console(file=io.StringIO(), width=80, color_system=None)
    show_answers(out, reports)
    return out.file.getvalue()


def test_it_is_the_rate_the_limit_the_trust_and_last_what_comes_next_with_its_command_in_one_line():
    report = climb()
    step = Next(what="measure longer", seconds=2400, command=COMMAND)
    lines = shown(replace(report, answer=replace(report.answer, next=step))).strip().splitlines()
    assert lines[0].startswith("532,000 rows/s kept up, checkpoint included (590,000 in bursts)")
    assert lines[-2:] == ["Next: measure longer (about 40 min):", f"  {COMMAND}"]
    starts = ["532,000", "A connection for every row (1):", "Stopped by: ", "Trust: rough. ", "Next: "]
    places = [next(at for at, line in enumerate(lines) if line.startswith(start)) for start in starts]
    assert places == sorted(places)


def test_where_only_the_user_can_word_it_there_is_no_command():
    report = climb()
    step = Next(what="climb the whole ladder", seconds=None, command=None)
    assert shown(replace(report, answer=replace(report.answer, next=step))).endswith("Next: climb the whole ladder.\n")


def test_of_several_hosts_each_has_its_own_and_a_run_that_is_not_complete_says_so():
    text = shown(climb("n100-a"), replace(climb("n100-b"), complete=False))
    assert (
        text.index("n100-a:")
        < text.index("532,000")
        < text.index("n100-b:")
        < text.index("So far, of a run that is not")
    )


def test_of_rows_at_a_rate_it_is_how_long_they_took():
    record = a_record(1, "2-D", rate=2000.0, arrivals="poisson", load="open", open_loop=CAME, in_flight_check=None)
    text = " ".join(shown(ladder_report(pulled(record))).split())
    assert text.startswith("2-D at 2,000 rows/s (poisson): ")


def test_of_nothing_nothing_is_said():
    report = climb()
    assert shown(replace(report, ladders=(), answer=None)) == ""
