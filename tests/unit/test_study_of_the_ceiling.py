"""The page of the published ceiling says what records say: made ones here, the kept ones where they are."""

from dataclasses import replace

import pytest

from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.render import as_variant
from bench.model.record import Cpu
from bench.seams import VARIABLE
from bench.store.run_directory import RunDirectory
from tests.builders import a_host, a_record, pulled, void
from tests.readme import CHECKOUT
from tests.studies import published_ceiling as study
from tests.studies.published_ceiling import BASE, CONDITIONS, PHASES

EVENT_MADE = CONDITIONS[2]
MOST_BYTES = 3_000_000


def measured(condition, rates, host_pct=(28, 44), client_cores=0.95, **changes):
    """Two rates, with the batch of 2-C and of 2-D, and how busy the machine was."""
    return condition, rates, host_pct, client_cores, changes


def made_run(*cells):
    """A run of three blocks with these conditions."""
    records = []
    for block, factor in enumerate((1.0, 1.02, 0.99), 1):
        for condition, rates, host_pct, client_cores, changes in cells:
            for rung, rate, pct in zip(PHASES, rates, host_pct, strict=True):
                number = len(records) + 1
                trial = replace(condition, phase="").trial(number, block, rung)
                trial = replace(trial, phase=condition.phase or rung)
                cpu = Cpu(host_pct=pct, steal_pct=0, client_cores=client_cores, server_cores=0.25)
                record = a_record(number, rung, rows_per_s=rate * factor, cpu=cpu)
                records.append(replace(record, trial=trial, **changes))
    run = pulled(*records, with_samples=False)
    variants = [as_variant(name, f"# {name}\n") for name in dict.fromkeys(each.trial.variant for each in records)]
    return replace(run, plan=replace(run.plan, variants=tuple(variants)))


def text_of(*cells):
    return " ".join(study.page_of(made_run(*cells)).split())


def line_of(text, heading):
    """What the page says after one of its headings in bold."""
    return text.partition(f"- **{heading}:** ")[2].partition(".")[0]


def test_a_condition_with_the_published_figures_has_the_whole_signature():
    text = text_of(measured(BASE, (60_000, 90_000), (80, 90)), measured(EVENT_MADE, (17_400, 17_500)))
    for heading in (
        "The whole signature",
        "Unchanged by a batch five times larger",
        "As many µs a row",
        "As many cores busy",
    ):
        assert line_of(text, heading) == EVENT_MADE.words


def test_each_part_of_the_signature_is_told_by_itself():
    text = text_of(measured(BASE, (60_000, 61_000), (80, 90)), measured(EVENT_MADE, (17_400, 30_000)))
    assert line_of(text, "The whole signature") == "in none"
    assert line_of(text, "Unchanged by a batch five times larger") == BASE.words
    assert line_of(text, "As many µs a row") == "in none"
    assert line_of(text, "As many cores busy") == EVENT_MADE.words


def test_busy_is_told_in_cores_as_machines_differ_in_how_many_they_have():
    run = made_run(measured(BASE, (60_000, 90_000), (56, 88)), measured(EVENT_MADE, (17_400, 17_500)))
    two_cpus = replace(run, host=a_host(cpu={"model": "another", "logical_cpus": 2}))
    text = " ".join(study.page_of(two_cpus).split())
    assert line_of(text, "As many cores busy") == BASE.words
    assert f"| {BASE.words} | 16.6 | 11.1 | 1.500 (1.500–1.500) | 1.12 | 1.76 | no | no | yes |" in text


def test_what_the_records_do_not_tell_is_not_known():
    blind = measured(BASE, (17_400, 17_500), **void())
    text = text_of(blind, measured(EVENT_MADE, (17_400, 17_500)))
    assert f"- The whole signature, not known: {BASE.words}." in text
    assert f"| {BASE.words} | – | – | – |" in text


def test_what_a_change_does_is_told_against_the_first_condition_in_the_same_blocks():
    text = text_of(measured(BASE, (60_000, 90_000)), measured(EVENT_MADE, (30_000, 30_000)))
    assert f"| {EVENT_MADE.words} | 30,098 | 0.500 (0.500–0.500) | 30,098 | 0.333 (0.333–0.333) |" in text
    assert f"Faster with both batches: none. Slower with both: {EVENT_MADE.words}." in text


def test_where_the_time_goes_is_told_of_both_batches():
    flushing = measured(BASE, (20_000, 40_000), client_cores=0.3, counters={"wal_sync_time": 1500.0})
    text = text_of(flushing, measured(EVENT_MADE, (20_000, 20_000)))
    assert f"90% of a core or more in: 2-C, {EVENT_MADE.words}; 2-D, {EVENT_MADE.words}." in text
    assert f"for 50% of the windows or more in: 2-C, {BASE.words}; 2-D, {BASE.words}." in text
    assert f"| {BASE.words} | 100 | 0.30 | 15.0 | 12.5 | 75% | WAL flush 75% |" in text


def test_the_page_says_that_it_is_not_the_authors_box_and_what_his_own_figures_come_to():
    text = text_of(measured(BASE, (17_400, 17_500)))
    assert "**It is not the author's box** (Intel N100" in text
    assert "28 to 44 % of 4 cores are 1.12 to 1.76 cores, so 64 to 101 µs of CPU time for each row" in text
    assert "**57 µs a row, unchanged by a batch five times larger, at 28 to 44 % of the machine's CPU.**" in text


def test_every_condition_is_another_and_all_have_their_layouts(monkeypatch):
    assert len({condition.key for condition in CONDITIONS}) == len(CONDITIONS)
    assert len({condition.words for condition in CONDITIONS}) == len(CONDITIONS)
    monkeypatch.setenv(VARIABLE, str(study.FOLDER))
    assert all(table_layout(condition.layout).reads_back for condition in CONDITIONS)


@pytest.mark.skipif(not study.RUN.is_dir(), reason="make study-ceiling measures it")
def test_the_page_that_is_kept_says_what_its_records_say():
    assert study.page(study.RUN) == study.RUN.with_suffix(".md").read_text()
    assert {path.name for path in study.RUN.iterdir()} == {"plan.json", "host.json", "trials.jsonl", "SHA256SUMS"}
    assert sum(path.stat().st_size for path in study.RUN.iterdir()) <= MOST_BYTES
    run = RunDirectory(study.RUN)
    assert run.check_sums(samples=False)
    assert len(run.plan().blocks) >= 4
    assert {study.key_of(trial) for trial in run.plan().trials} == {condition.key for condition in CONDITIONS}


def test_the_study_is_a_goal_of_make():
    assert "tests.studies.published_ceiling" in (CHECKOUT / "Makefile").read_text()
