"""What cuts come to: who kept what was promised, who is convicted, and in which words."""

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from bench.analysis.durability import convicted, durability
from bench.engines.postgresql.render import as_variant
from bench.model.cuts import CutRecord, Unflushed
from bench.model.errors import DataError
from bench.model.language import speaking
from bench.report.console import console
from bench.report.durability import show_durability
from tests.cuts import ASYNC, UNSAFE, cut, plan

DEAD = {"rows_lost": None, "ms_lost": None, "did_not_start": "PostgreSQL did not start: no", "recovery_s": None}


def of(*records: CutRecord):
    [found] = durability(plan(power=len(records)), records).variants
    return found


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (cut(), False),
        (cut(lost=1, ms=3), True),
        (cut(promise=ASYNC, lost=500, ms=70), False),
        (cut(promise=ASYNC, lost=500, ms=601), True),
        (cut(promise=UNSAFE), False),
        (cut(promise=UNSAFE, lost=1, ms=3), True),
        (cut(corrupt=["5 rows are there twice"]), True),
        (cut(**DEAD), True),
        (cut(unlogged=True, lost=1000, ms=2000, durability=UNSAFE), False),
        (cut(unlogged=True, lost=1000, ms=2000, durability=UNSAFE, corrupt=["x"]), True),
    ],
)
def test_a_cut_convicts_who_lost_more_than_it_may_or_is_not_whole(record, expected):
    assert convicted(record) == expected


def test_one_lost_row_of_a_durable_variant_breaks_its_promise():
    found = of(*[cut(number=number) for number in range(1, 50)], cut(number=50, lost=1, ms=3))
    assert (found.kept, found.convicted, found.rows_lost, found.cuts) == (False, 1, 1, 50)
    assert found.sentence == (
        "stock lost 1 of 50,000 acknowledged rows in 50 cuts; 1 convict it: 1 lost rows. It promises better: durable."
    )


def test_a_cut_of_a_whole_machine_that_nothing_proves_is_none():
    with pytest.raises(DataError, match="recorded without what proves it"):
        durability(plan(machine=1), [cut(how="machine", forgotten=None)])


def test_cuts_of_a_whole_machine_count_as_cuts_and_are_shown_as_what_they_are():
    proof = Unflushed(said=9, left=4)
    records = [cut(how="machine", number=number, forgotten=None, unflushed=proof) for number in (1, 2)]
    report = durability(plan(machine=2), records)
    [found] = report.variants
    assert (report.planned, report.complete) == (2, True)
    assert (found.cuts, found.torn, [kind.how for kind in found.kinds], found.rows_per_s) == (2, 0, ["machine"], 500)
    assert found.sentence == "stock lost 0 of 2,000 acknowledged rows in 2 cuts."
    out = console()
    with out.capture() as captured:
        show_durability(out, report)
    assert "Machine: the whole box lost its power." in " ".join(captured.get().split())


def test_what_is_lost_asynchronously_is_told_in_rows_and_ms_with_an_interval():
    lost = [(500, 50.0), (0, 0.0), (700, 70.0)]
    found = of(*[cut("async-commit", ASYNC, *each, number=number) for number, each in enumerate(lost, 1)])
    assert (found.kept, found.convicted, found.rows_lost, found.per_cut) == (True, 0, 1200, [500, 0, 700])
    assert (found.ms_lost.mean, found.ms_lost.most, found.ms_lost.interval.low) == (40.0, 70.0, 0.0)
    assert found.ms_lost.interval.high == pytest.approx(129.6, abs=0.1)  # 40 + 4.303 · 36.06 / √3
    assert found.rows_per_s == 500
    assert "those of the last 70 ms at most; it may lose last 600 ms." in found.sentence


def test_a_database_that_does_not_start_has_no_rows_to_be_counted():
    found = of(cut("no-fsync", UNSAFE, **DEAD), cut("no-fsync", UNSAFE, 900, 1800.0, number=2))
    assert (found.did_not_start, found.convicted, found.rows_lost, found.per_cut) == (1, 2, 900, [None, 900])
    assert found.kept
    assert found.sentence == "no-fsync is convicted by 2 of 2 cuts: 1 did not start, 1 lost rows."
    alone = of(cut("no-fsync", UNSAFE, **DEAD))
    assert (alone.rows_lost, alone.ms_lost) == (None, None)


def test_a_kill_is_no_cut_and_acquits_wrongly():
    records = [cut("no-fsync", UNSAFE, 900, 9.0), cut("no-fsync", UNSAFE, how="kill", forgotten=None)]
    [found] = durability(plan(power=1, kill=1), records).variants
    assert (found.cuts, found.acknowledged, [kind.how for kind in found.kinds]) == (1, 1000, ["power", "kill"])
    assert found.sentence.endswith(
        "Only killed, once, it lost nothing: the kernel kept what it had cached, and acquits it wrongly."
    )


def test_a_durable_variant_that_loses_when_it_is_killed_fails_too():
    assert not of(cut(how="kill", lost=3, ms=1.0)).kept


def test_an_unlogged_table_is_told_as_emptied():
    record = cut(lost=1000, ms=2000.0, unlogged=True, durability=UNSAFE, because="the table is unlogged")
    found = of(replace(record, cut=replace(record.cut, layout="unlogged")))
    assert found.kept
    assert found.sentence == (
        "stock on unlogged was emptied by 1 cut, as an unlogged table is: 1,000 rows lost, all else whole."
    )


def test_variants_stand_in_the_order_of_the_plan_whichever_was_cut_first():
    both = [as_variant("stock", ""), as_variant("async-commit", "")]
    report = durability(replace(plan(power=1), variants=both), [cut("async-commit", ASYNC), cut()])
    assert [each.variant for each in report.variants] == ["stock", "async-commit"]


def test_a_run_that_is_not_at_its_end_says_so():
    report = durability(plan(power=3), [cut()])
    assert (report.planned, report.done, report.complete) == (3, 1, False)


def shown(capsys):
    records = [
        cut(lost=2, ms=3.0),
        cut("no-full-page-writes", UNSAFE, how="torn", corrupt=["pg_amcheck: bad"]),
        cut("async-commit", ASYNC, 500, 71.4),
        cut("async-commit", ASYNC, how="kill", forgotten=None),
    ]
    show_durability(console(), durability(plan(power=1, torn=1, kill=1), records))
    return capsys.readouterr().out


def test_in_korean_all_but_names_is_korean_within_80_columns(capsys):
    with speaking("ko"):
        text = shown(capsys)
    assert max(map(cell_len, text.splitlines())) <= 80
    names = {"stock", "async", "commit", "no", "full", "page", "writes", "not", "crash", "safe", "durable"}
    words = set(re.findall("[A-Za-z]{2,}", text.replace("pg_amcheck: bad", "")))
    assert words <= names | {"PostgreSQL", "KiB", "ms", "rows", "box", "run"}, words


def test_the_table_fits_eighty_columns_and_a_broken_promise_comes_in_red(capsys):
    text = shown(capsys)
    table = [
        line for line in text.splitlines() if line.startswith(("variant ", "stock  ", "no-full", "async-commit  "))
    ]
    assert [line.split() for line in table if line.startswith("async")] == [
        ["async-commit", "600", "ms", "power", "500", "500", "500", "71.4", "71.4", "0/1"]
    ]
    assert ["no-full-page-writes", "none", "torn", "all", "0", "0.000", "0.000", "1/1"] in [
        line.split() for line in table
    ]
    assert max(map(len, table)) <= 80
    assert "no-full-page-writes: pg_amcheck: bad" in text
    assert "Not complete" in text


def test_the_answer_comes_last_each_variants_and_then_whether_to_trust_it(capsys):
    text = " ".join(shown(capsys).split())
    in_order = ("variant", "Power: ", "stock lost 2", "Trust: rough. Not complete: 4 of ")
    places = [text.index(words) for words in in_order]
    assert places == sorted(places)


def test_trust_is_how_rare_a_fault_so_many_cuts_would_have_shown():
    found = durability(plan(power=10), [cut(number=number) for number in range(1, 11)])
    assert (found.trust.level, found.trust.trials) == ("good", 10)
    assert found.trust.why == ("10 cuts of each: a fault that strikes 26% of cuts is seen, at 95 %",)
    few = durability(plan(power=2), [cut(number=number) for number in (1, 2)])
    assert (few.trust.level, few.trust.why) == (
        "rough",
        ("2 cuts of each: a fault that strikes 78% of cuts is seen, at 95 %",),
    )
    killed = durability(plan(kill=1), [cut(how="kill", forgotten=None)])
    assert (killed.trust.level, killed.trust.why) == ("none", ("a server that is only killed shows nothing of a cut",))
