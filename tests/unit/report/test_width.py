"""Whatever a question prints fits a terminal of 80 columns: tables, sentences, progress; but for commands and paths.

In every language: a wide character takes two of them, and where it is not English no English sentence is left.
"""

import io
import re
from dataclasses import replace
from gettext import NullTranslations
from pathlib import Path

import pytest
from rich.cells import cell_len
from rich.console import Console

from bench.analysis.compare import compare_arms
from bench.analysis.durability import durability
from bench.analysis.ladder import ladders
from bench.analysis.noise import box_noise
from bench.analysis.sides import compare_runs
from bench.analysis.slo import slo
from bench.analysis.sweep import sweep
from bench.doctor.checks import examine
from bench.doctor.table import show_findings
from bench.engines.postgresql.parameters import Difference
from bench.model.codec import to_json
from bench.model.fingerprint import Processors
from bench.model.language import ENGLISH, _catalogue, languages, speaking, spoken, tr
from bench.model.record import Cpu
from bench.questions import collection, share
from bench.questions.compare import compared
from bench.report.comparison import show_comparison
from bench.report.durability import show_durability
from bench.report.explain import show_explained
from bench.report.ladder_answer import show_answers
from bench.report.noise import show_noise
from bench.report.progress import RunProgress
from bench.report.slo import show_slo
from bench.report.sweep import show_sweep
from bench.report.terminal import show_ladders
from bench.report.variants import show_differences, show_list, show_settings
from bench.results.read import ladder_of, only_run, read
from bench.stats.histogram import new_histogram
from bench.targets.next_step import next_of_cuts
from bench.targets.target import Results
from bench.workload.driver import drivers
from bench.workload.phase import ladder
from tests.builders import a_host, a_plan, a_record, again, changed, compared_run, doubtful, pulled, void, written
from tests.cuts import cut
from tests.cuts import plan as plan_of_cuts
from tests.experiments import a_run as a_run_with_experiments
from tests.experiments import explained, planned, waiting
from tests.kept import KEPT
from tests.sweeps import a_sweep, at_rates
from tests.unit.analysis.test_bound import alone, rung, twice
from tests.unit.analysis.test_worth import FAST, SLOW
from tests.unit.doctor.test_checks import box
from tests.unit.plan.test_promise import carried_out, searching, up_to
from tests.unit.questions.test_collection import a_shared

WIDTH = 80
WHOLE = re.compile(r"^  (\S*pgladder|fab|make) |^(Page|File|Card|페이지|파일|카드): ")
"""A command is one line, to be copied, and so is a path."""
LONG = "a-very-long-name-of-a-variant-of-someone-else-1234567"
DOUBTS = doubtful("suspect", "not-alone", "other programs kept 0.9 of 2 cores busy, most of it a, b", 0.45)


SENTENCE = re.compile(r"(?<!\S)(?:the|of|and|is|are|that|with|to|was|were|not|for|in|by|as|its?|or)(?!\S)[^가-힣]*")
"""What stands in any English one."""
OWN_WORDS = re.compile(
    r"\([^()가-힣]*\)|a doubt( a doubt)*|the connection was lost|with a rather long name|not in /proc|the server said"
)
"""What records say of themselves."""


HANGUL = re.compile("[가-힣]")
NAMES = {"SSH", "sudo", "fsync", "durable", "rate", "batch", "PostgreSQL", "a doubt " * 30}
"""Are the same in every language, but for what a test of ours makes a variant say of itself."""


class Lacking(NullTranslations):
    """Remembers what a catalogue was asked for and has not: no head, no single word of a table is past it."""

    def __init__(self):
        super().__init__()
        self.words = set()

    def gettext(self, message):
        self.words.add(message)
        return message

    def ngettext(self, one, many, count):
        return self.gettext(one if count == 1 else many)


@pytest.fixture(autouse=True, params=languages())
def _spoken(request):
    lacking = Lacking()
    with speaking(request.param):
        if request.param == ENGLISH:
            yield
            return
        _catalogue(request.param).add_fallback(lacking)
        try:
            yield
        finally:
            # Read anew, it is without what remembers.
            _catalogue.cache_clear()
    assert {word for word in lacking.words - NAMES if re.search("[a-z]{3,}", word) and not HANGUL.search(word)} == set()


def assert_fits(show):
    out = Console(file=io.StringIO(), width=WIDTH, color_system=None)
    show(out)
    text = out.file.getvalue()
    assert text.strip()
    assert [line for line in text.splitlines() if cell_len(line) > WIDTH and not WHOLE.search(line)] == []
    if spoken() != ENGLISH:
        assert SENTENCE.findall(OWN_WORDS.sub("", " ".join(text.split()))) == []
    assert "…" not in text.replace(f"…{LONG[-19:]}", "")
    return text


@pytest.mark.parametrize("detail", [False, True])
@pytest.mark.parametrize("name", ["steps", "published-ceiling"])
def test_a_kept_ladder(name, detail):
    report = ladder_of(read(only_run(KEPT / name)))

    def show(out):
        show_ladders(out, report, detail=detail)
        show_answers(out, [report])

    assert_fits(show)


@pytest.mark.parametrize("detail", [False, True])
def test_a_kept_comparison(detail):
    [report] = compared(KEPT / "steps")
    assert_fits(lambda out: show_comparison(out, report, detail=detail, command="pgladder compare " + "x" * 90))


@pytest.mark.parametrize("detail", [False, True])
@pytest.mark.parametrize("rate", [0.4, 72.5, 99_994.0, 1_234_567.0])
def test_a_ladder_of_every_driver_doubted_throughout(rate, detail):
    records = []
    for phase, known in ladder().items():
        for driver in drivers():
            number = len(records) + 1
            changes = {"driver": driver, "rows_per_s": rate, "settled_rows_per_s": rate, "validity": DOUBTS}
            records.append(a_record(number, phase, **changes))
        assert known.method
    run = pulled(*records, host=a_host(disk={"kind": "virtual", "fsync_per_s": 6443.0}))
    report = ladder_of(run)
    assert_fits(lambda out: show_ladders(out, report, detail=detail))
    assert_fits(lambda out: show_answers(out, [report, replace(report, complete=False)]))


def test_what_binds_server_or_clients():
    base = rung("2-B", (1_234_567, 1_334_567, 1_134_567))
    beside = [*alone(base, 12.3), *twice(base, 0.98)]
    empty = {record.key: new_histogram() for record in (*base, *beside)}
    found = ladders(base, empty, Processors(there=4, usable=4), beside)
    assert any(rung_of.bound_by.ceiling_rows_per_s for rung_of in found[0].rungs)
    report = replace(ladder_of(pulled(*base)), ladders=tuple(found))
    assert tr("clients alone,\nrows/s").partition("\n")[0] in assert_fits(
        lambda out: show_ladders(out, report, detail=True)
    )


@pytest.mark.parametrize("detail", [False, True])
@pytest.mark.parametrize("size", [0.001, 1e3, 9.99e8])
def test_a_comparison_with_long_names_and_every_doubt(size, detail):
    rates = {name: [size * factor for factor in (1.0, 3.1, 0.4, 2.2)] for name in ("stock", LONG, "no-fsync")}
    run = compared_run(rates, phases=("1-B", "2-C", "2-G"))
    records = list(run.records)
    records[0] = replace(records[0], **void())
    records[1:] = [replace(each, validity=DOUBTS) for each in records[1:]]
    report = compare_arms([replace(run, records=records)], lambda _cell, _blocks: None)
    assert_fits(lambda out: show_comparison(out, report, detail=detail))


@pytest.mark.parametrize("detail", [False, True])
def test_a_comparison_of_hosts(detail):
    one = compared_run({"stock": [1e5, 1.03e5, 0.98e5]})
    far = replace(a_host(cpu={"model": "AMD Ryzen 7 8845HS with a rather long name"}), host="box-with-a-long-name")
    assert_fits(lambda out: show_comparison(out, compare_runs([one, replace(one, host=far)], "host"), detail=detail))


def test_a_comparison_of_hosts_with_what_they_give_for_their_price():
    far = replace(FAST, host=replace(FAST.host, host=LONG))
    report = compare_runs([SLOW, far], "host")
    text = assert_fits(lambda out: show_comparison(out, report))
    assert text.index(tr("For what it takes")) < text.rindex(report.sentence[:30])


@pytest.mark.parametrize("detail", [False, True])
def test_the_noise_of_a_box(detail):
    ones = [100.0, 103, 98, 101, 99, 102]
    barely = [rate * wobble for rate, wobble in zip(ones, [1.01, 1.09, 1.05, 1.12, 1.02, 1.06], strict=True)]
    run = again(compared_run({"stock": ones, "stock-again": barely}))
    run = replace(run, records=[changed(each, layout="hash-partitioned") for each in run.records])
    run = replace(run, plan=replace(run.plan, trials=tuple(each.trial for each in run.records)))
    assert_fits(lambda out: show_noise(out, box_noise(run), ["a doubt " * 20], detail=detail))


def test_an_explanation():
    plan = planned()
    records = a_run_with_experiments(plan, {"reset-query": 1.4}, observed=waiting(wal_flush=10.0, running=2.0))
    assert_fits(lambda out: show_explained(out, explained(plan, records)))


@pytest.mark.parametrize(
    "run",
    [
        lambda: a_sweep((100_000, 190_000, 340_000, 360_000, 355_000)),
        lambda: at_rates(
            lambda own: 150 * own.batch,
            (1_000, 5_000, 10_000),
            points=({"batch": 10}, {"batch": 30}, {"batch": 100}),
            p99=lambda own: own.batch * own.rate / 1000,
        ),
    ],
    ids=["pools", "a grid"],
)
def test_a_sweep(run):
    assert_fits(lambda out: show_sweep(out, sweep(run())))


def test_a_promise():
    plan = searching()
    records = carried_out(plan, up_to(4321.0), capacity=20_000.0, most=1000)
    run = pulled(*[record for record in records if not record.trial.experiment])
    assert_fits(lambda out: show_slo(out, slo(replace(run, plan=plan.as_asked()))))


def test_the_lines_of_a_run_under_way():
    plan = a_plan()
    cpu = Cpu(host_pct=98, steal_pct=0, client_cores=0.5, server_cores=3.3)

    def show(out):
        progress = RunProgress(out, 4, plan)
        for number, phase in enumerate(ladder(), 1):
            record = a_record(number, phase, cpu=cpu, validity=DOUBTS, variant="no-full-page-writes")
            progress.begins(record.trial, 30 - number, 30)
            progress.ended(record)
        progress.ended(a_record(14, "2-I", **void("refused", "the server said: " + "no room " * 30)))
        progress.report("a sentence " * 20)
        progress.close()

    text = assert_fits(show)
    # In full it stands once, above the answer.
    assert "other programs kept" not in text
    assert text.count("not-alone") == len(ladder())


def test_what_cuts_of_the_power_show():
    records = [
        cut(lost=2, ms=3.0, corrupt=["pg_amcheck: " + "bad " * 40]),
        cut("no-full-page-writes", "not crash-safe", how="torn"),
        cut(LONG, "may lose last 600 ms", 500, 71.4),
        cut(LONG, "may lose last 600 ms", how="kill", forgotten=None),
    ]
    found = durability(plan_of_cuts(power=1, torn=1, kill=1), records)
    step = next_of_cuts(replace(found, complete=True), plan_of_cuts(power=1), Path("x" * 90), {})
    text = assert_fits(lambda out: show_durability(out, replace(found, next=step)))
    assert text.rstrip().splitlines()[-1].startswith("  pgladder durability ")


def test_a_shared_run(tmp_path, monkeypatch):
    monkeypatch.setattr(share, "png_maker", lambda: None)
    run = written(tmp_path / "run", pulled(a_record(1, "2-G", rows=350_000), a_record(2, "2-D", validity=DOUBTS)))
    assert_fits(share.answer(Results(directories=(run,)), {}).show)


@pytest.mark.parametrize("given", [{}, {"mine": "1.json"}], ids=["all", "mine"])
def test_a_collection(given, tmp_path):
    for number, model in enumerate(("Intel(R) N100", "AMD Ryzen 7 5800H"), 1):
        (tmp_path / f"{number}.json").write_bytes(to_json(a_shared(model, 350_000 * number)))
    given = {name: tmp_path / file for name, file in given.items()}
    assert_fits(collection.answer(Results(directories=(tmp_path,)), given).show)


def test_what_the_doctor_found():
    other = {"sudo": "sudo: not found", "throttled": "3", "governor": "powersave", "container": "lxc"}
    findings = {LONG: examine(box(-9.0, **other), "def"), "b": examine(box(), "abc")}
    assert_fits(lambda out: show_findings(out, findings))


def test_variants():
    names = {"shared_preload_libraries": "'a, b, c, d, e, f, g, h'", "x" * 40: "1" * 60}
    words = dict.fromkeys(names, "a doubt " * 30)
    found = [Difference(name, text, None) for name, text in names.items()]
    assert_fits(lambda out: show_list(out, {LONG: "a doubt " * 30, "stock": "PostgreSQL"}))
    assert_fits(lambda out: show_settings(out, "stock", names, words))
    assert_fits(lambda out: show_differences(out, "stock", LONG, "N100", found))
