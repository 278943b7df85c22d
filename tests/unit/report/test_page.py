"""The page says every doubt, shows only what was recorded, and trusts no text."""

import io
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from rich.console import Console

from bench.analysis.compare import compare_arms
from bench.analysis.comparison import CellNoise
from bench.analysis.ending import Next
from bench.analysis.noise import box_noise
from bench.analysis.sides import compare_runs
from bench.analysis.slo import slo
from bench.model.fingerprint import Unreadable
from bench.report.comparison import show_comparison
from bench.report.noise import answer_of
from bench.report.open_loop import open_loops
from bench.report.page import build_page
from bench.report.page.assets import Assets
from bench.report.page.comparing import ComparisonView
from bench.report.page.top import TopView
from bench.report.page.view import climbers
from bench.results.read import ladder_of
from tests.builders import (
    a_histogram,
    a_host,
    a_plan,
    a_record,
    a_trial,
    again,
    changed,
    compared_run,
    doubtful,
    pulled,
    void,
)
from tests.sweeps import at_rates
from tests.unit.plan.test_promise import carried_out, searching, up_to

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> {{ 7 * 7 }} \" ' &"
VIRTUAL = {"system": {"hypervisor": True}}


class Page(HTMLParser):
    """What a browser makes of a page: its text outside scripts and styles, its elements, its attributes."""

    def __init__(self, html):
        super().__init__()
        self.html, self.shown, self.elements, self.attributes = html, [], [], []
        self._open = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self._open = tag
        self.elements.append(tag)
        self.attributes += attrs

    def handle_endtag(self, _tag):
        self._open = ""

    def handle_data(self, data):
        if self._open not in {"script", "style"}:
            self.shown.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.shown).split())


def page(*runs):
    return Page(build_page(runs, [ladder_of(run) for run in runs], Assets("/* vega */", {"climb": {}}), "0.1.0"))


# --- doubts ----------------------------------------------------------------------------------------------------------


def test_a_virtual_box_says_first_that_it_describes_the_machine_it_ran_on():
    text = page(pulled(a_record(), host=a_host(**VIRTUAL))).text
    after_the_title = text[text.index("take into PostgreSQL 15?") + len("take into PostgreSQL 15?") :].strip()
    assert after_the_title.startswith("This is a virtual machine: its numbers describe the machine")


@pytest.mark.parametrize(
    ("versions", "title"),
    [
        (["PostgreSQL 17.10 on x86_64"], "can db.example take into PostgreSQL 17?"),
        (["PostgreSQL 17.10 on x86_64", "PostgreSQL 9.6 on x86_64"], "take into PostgreSQL 9 and 17?"),
        ([Unreadable(unreadable="no such function")], "can db.example take into PostgreSQL?"),
    ],
)
def test_the_title_names_the_server_and_its_own_version(versions, title):
    hosts = [replace(a_host(postgresql={"version": version}), host="db.example") for version in versions]
    assert title in page(*[pulled(a_record(), host=host) for host in hosts]).text


def test_every_doubt_of_the_records_is_said_before_any_table_or_chart():
    details = [f"reason number {n}" for n in range(1, 7)]
    grave = {"1": "suspect", "2": "void", "2-B": "suspect", "2-C": "void", "2-D": "suspect", "2-E": "void"}
    records = [
        a_record(n, phase, validity=doubtful(grave[phase], f"code-{n}", details[n - 1]))
        for n, phase in enumerate(grave, 1)
    ]
    html = page(*[pulled(*records)]).html
    top = html[: html.index("<table")]
    assert [detail for detail in details if detail not in top[: top.index("The climb")]] == []


def test_a_run_without_a_doubt_says_so():
    assert "No record carries a doubt." in page(pulled(a_record(1), a_record(2))).text


@pytest.mark.parametrize(
    ("run", "words"),
    [
        (pulled(a_record(1), a_record(2, **void("interrupted"))), "told to stop during trial 2"),
        (pulled(a_record(1), a_record(2, **void("agent-ended"))), "killed or lost power during trial 2"),
        (pulled(a_record(1), begun=[(2, 1)], sealed=False), "Begun and without a record here: trial 2."),
        (pulled(a_record(1), plan=a_plan(a_trial(1), a_trial(2))), "not complete: 1 of its 2 trials are here"),
        (
            pulled(a_record(1), a_record(2), sealed=False),
            "This run has no checksums, although all its trials are recorded",
        ),
        (pulled(a_record(1), host=None), "This run has no fingerprint"),
        (pulled(plan=a_plan(a_trial(1)), host=None), "No trial of this run gave a number"),
        (pulled(a_record(1, **void())), "No trial of this run gave a number"),
    ],
)
def test_a_run_that_is_not_whole_is_shown_for_what_it_is(run, words):
    assert words in page(run).text


def test_a_rung_with_doubtful_trials_is_marked_wherever_its_number_stands():
    found = page(pulled(a_record(1, validity=doubtful("suspect", "steal"))))
    assert "1 suspect" in found.text
    assert '"label":"17,500 (1 suspect)"' in found.html
    assert "17,500?" not in found.html


# --- the answer first ------------------------------------------------------------------------------------------------


def climb(**changes):
    rates = {"1": 117.0, "2-B": 5_097.0, "2-G": 590_000.0}
    return [
        a_record(number, phase, rows_per_s=rate, settled_rows_per_s=0.9 * rate, **changes)
        for number, (phase, rate) in enumerate(rates.items(), 1)
    ]


def test_the_page_begins_with_one_number_and_how_it_was_reached():
    text = page(pulled(*climb())).text
    number = text.index("531,000 rows/s kept up, checkpoint included (590,000 in bursts)")
    assert "the best way found: COPY of 5,000 rows a commit (2-G)" in text
    assert "A connection for every row (1): 105 rows/s." in text
    for later in ("what stopped it", "can I trust it?", "Each way to write a row", "Before you read the numbers"):
        assert number < text.index(later)


def test_three_cards_say_what_stopped_it_whether_to_trust_it_and_what_is_next():
    doubted = doubtful("suspect", "not-alone", "other programs kept 0.9 of 2 cores busy", 0.45)
    run = pulled(*climb(validity=doubted))
    report = ladder_of(run)
    step = Next(what="measure longer", seconds=2400, command="pgladder run --profile standard")
    report = replace(report, answer=replace(report.answer, next=step))
    stopped, trust, coming = TopView("bench-1", run, report).cards
    assert (stopped.question, stopped.answer) == ("what stopped it", "the client's one core")
    assert "busy 92 % of the time; suspected, not proved." in stopped.texts
    assert (trust.answer, trust.warns) == ("rough", True)
    assert "3 of 3 trials had company." in trust.texts
    assert (coming.answer, coming.command) == ("measure longer (about 40 min)", "pgladder run --profile standard")


def test_each_way_to_write_a_row_has_a_bar_by_its_sustained_rate_with_the_published_one_as_a_mark():
    run = pulled(*climb())
    bars = TopView("bench-1", run, ladder_of(run)).bars
    assert [(bar.phase, bar.number) for bar in bars] == [("1", "105"), ("2-B", "4,587"), ("2-G", "531,000")]
    assert [bar.published_number for bar in bars] == ["70", "5,100", "–"]
    assert bars[0].width < bars[1].width < bars[2].width == 100
    # The author's rate of Phase 1 is lower than ours, that of 2-B higher.
    assert bars[0].published < bars[0].width
    assert bars[1].published > bars[1].width
    assert all(0 < bar.width <= 100 for bar in bars)


def test_the_scale_of_the_bars_has_a_line_at_each_power_of_ten():
    run = pulled(*climb())
    top = TopView("bench-1", run, ladder_of(run))
    assert [tick.label for tick in top.ticks] == ["10", "100", "1k", "10k", "100k"]
    places = [tick.place for tick in top.ticks]
    steps = {round(more - less, 6) for less, more in pairwise(places)}
    assert (places[0], len(steps)) == (0, 1)
    # 105 rows/s and 531,000 lie where such a scale has them.
    assert places[1] < top.bars[0].width < places[2]
    assert places[-1] < top.bars[-1].width <= 100


def test_of_a_long_scale_not_every_line_has_a_label():
    slow, fast = ({"rows_per_s": rate, "settled_rows_per_s": rate} for rate in (0.2, 3e9))
    run = pulled(a_record(1, "1", **slow), a_record(2, "2-G", **fast))
    labels = [tick.label for tick in TopView("bench-1", run, ladder_of(run)).ticks]
    assert labels[:4] == ["0.1", "", "10", ""]
    assert len(list(filter(None, labels))) <= 7


@pytest.mark.parametrize("rate", [0.02, 1.0, 70.0, 10.0])
def test_a_run_of_one_slow_rung_has_a_bar_within_its_track(rate):
    run = pulled(a_record(1, "1", rows_per_s=rate, settled_rows_per_s=rate))
    [bar] = TopView("bench-1", run, ladder_of(run)).bars
    assert 0 <= bar.width <= 100
    assert 0 <= bar.published <= 100


def test_a_number_that_may_lose_rows_says_so_beside_it():
    text = page(pulled(*climb(durability="may lose last 600 ms"))).text
    assert "COPY of 5,000 rows a commit (2-G), variant stock, at the risk of the last 600 ms" in text


def test_of_slow_rungs_alone_the_page_does_not_say_that_the_box_takes_no_more():
    text = page(pulled(a_record(1, "1", rows_per_s=117.0), a_record(2, "1-B", rows_per_s=2_208.0))).text
    assert "the fastest of 2 ways measured" in text
    assert "the best way found" not in text
    assert "how much this box can take is not known" in text


def test_without_scripts_nothing_is_folded():
    html = page(pulled(*climb())).html
    parts = re.findall(r'<details class="part[^>]*>', html)
    assert len(parts) >= 4
    assert [part for part in parts if " open" not in part] == []


def test_a_comparisons_page_is_titled_with_its_question_and_begins_with_its_sentence():
    found = compared_page(compared_run({"stock": QUIET, "b": [1.3 * rate for rate in QUIET[::-1]]}))
    question = "Which configuration is faster on bench-1?"
    assert f"<title>{question}</title>" in found.html
    after = found.text[found.text.index(question, found.text.index("· ")) + len(question) :]
    assert after.strip().startswith("b is 25–35 % faster than stock here.")
    assert found.text.index("Each candidate against the first one") < found.text.index("How many rows a second?")


# --- numbers ---------------------------------------------------------------------------------------------------------


def test_published_numbers_stand_in_the_chart_only_and_are_called_the_authors():
    found = page(pulled(a_record(1, rows_per_s=321, settled_rows_per_s=300)))
    assert '"rate":17400' in found.html
    assert "published by its author (Intel N100)" in found.text
    assert "17,400" not in found.text


def test_published_numbers_of_rungs_that_were_not_climbed_are_left_out():
    assert '"published":true' not in page(pulled(a_record(1, "2-E"))).html


def test_every_column_of_the_ladder_is_there():
    text = page(pulled(a_record())).text
    for word in (
        "sustained rows/s",
        "99 % ms",
        "µs a row",
        "client cores",
        "server cores",
        "17,500",
        "14,000",
        "0.92",
        "1.31",
    ):
        assert word in text


def test_facts_that_could_not_be_read_say_why():
    assert "unknown: not in /proc" in page(pulled(a_record())).text


def test_several_hosts_stand_side_by_side_under_their_own_names():
    other = pulled(
        a_record(rows_per_s=9_000), host=a_host(cpu={"model": "Intel(R) N97", "logical_cpus": 4}), directory="b"
    )
    found = page(pulled(a_record(), directory="a"), other)
    assert "Side by side rows" in found.text.replace("Side by side Rows", "Side by side rows")
    assert ("data-column", "a") in found.attributes
    assert ("data-column", "b") in found.attributes
    assert found.html.count('class="differs"') == 2  # the model, and the microcode that only one has


# --- safety ----------------------------------------------------------------------------------------------------------


def test_text_of_records_is_never_markup():
    hostile = a_record(1, durability=HOSTILE, validity=doubtful("suspect", HOSTILE, HOSTILE))
    host = a_host(cpu={HOSTILE: HOSTILE}, pgladder={"limits": [HOSTILE]})
    plain, found = page(pulled(a_record(1))), page(pulled(hostile, host=host, directory=HOSTILE))
    assert found.elements.count("script") == plain.elements.count("script")
    assert "img" not in found.elements
    assert "alert(1)</script>" not in found.html
    assert "49" not in re.findall(r"onerror=alert\(2\)> (\S+)", found.text)
    assert HOSTILE.split("{{", maxsplit=1)[0].strip() in found.text


def test_nothing_is_fetched():
    found = page(pulled(a_record()))
    links = [value for name, value in found.attributes if name in {"src", "href", "srcset", "data", "action"}]
    assert links == ["data:,"]
    assert not re.findall(r"url\(|@import|https?:", found.html)
    assert "default-src 'none'" in dict(found.attributes)["content"] + str(found.attributes)


def test_a_page_of_a_hundred_long_trials_is_small():
    from bench.model.record import Samples

    records = [a_record(n, ["1", "2", "2-B", "2-C", "2-D"][n % 5], seconds=3600) for n in range(1, 101)]
    long = {(n, 1): Samples(trial=n, attempt=1, rows_per_second=[123_457 + n] * 3600) for n in range(1, 101)}
    run = pulled(*records, samples=long)
    run = replace(run, plan=replace(run.plan, window_s=3600))
    assert len(page(run).html) < 450_000  # with 0.4 MB of packed Vega below 1 MB


def test_a_server_that_hides_its_counters_is_not_said_to_have_made_no_checkpoint():
    text = page(pulled(a_record())).text
    assert "Checkpoints are not known" in text
    assert "No checkpoint was seen" not in text


# --- comparisons -----------------------------------------------------------------------------------------------------

QUIET = [100.0, 103, 98, 101, 99, 102]


def compared_page(*runs, refused=(), noise=None):
    comparisons = [compare_arms([run], lambda _cell, _blocks: noise) for run in runs]
    reports = [ladder_of(run) for run in runs]
    return Page(build_page(runs, reports, Assets("/* vega */", {"forest": {}}), "0.1.0", comparisons, refused))


def test_the_page_has_the_figures_that_the_terminal_prints():
    run = compared_run({"stock": QUIET, "fast": [2 * rate for rate in QUIET[::-1]]}, ("2", "2-C"))
    shown = compared_page(run)
    out = Console(file=io.StringIO(), width=100, color_system=None)
    show_comparison(out, compare_arms([run], lambda _cell, _blocks: None), detail=True)
    for figure in ("2.000", "1.930–2.072", "<.001", "6.0 %", "faster"):
        assert figure in out.file.getvalue()
        assert figure in shown.text
    assert "work_mem 4MB → 5MB" in shown.text


def test_in_the_matrix_the_verdict_stands_apart_from_the_number():
    shown = compared_page(compared_run({"stock": QUIET, "b": [2 * rate for rate in QUIET[::-1]]}, ("2", "2-C")))
    assert shown.html.count("<td><b>2.000</b> <span>faster</span></td>") == 2


def test_the_page_says_why_latencies_have_more_or_fewer_figures():
    assert "each in as many figures as its commits bear" in page(pulled(a_record())).text


def test_the_forest_has_every_pair_with_its_interval_the_margin_and_the_noise_floor():
    noise = CellNoise(
        variant="stock", measured="2026-11-22", blocks=9, spread=0.02, drift=0, detectable=0.03, blocks_for_margin=9
    )
    run = compared_run({"stock": QUIET, "a": QUIET[::-1], "b": [2 * rate for rate in QUIET[::-1]]})
    [comparison] = [compare_arms([run], lambda _cell, _blocks: noise)]
    rows = ComparisonView(comparison).forest.rows
    assert [(row["low"] < row["ratio"] < row["high"]) for row in rows] == [True, True]
    assert (rows[0]["margin_low"], rows[0]["margin_high"]) == (1 / 1.02, 1.02)
    assert (rows[0]["floor_low"], rows[0]["floor_high"]) == (1 / 1.03, 1.03)
    assert "Noise floor of this box" in compared_page(run, noise=noise).text


def test_the_page_begins_with_what_follows_from_the_comparison():
    text = compared_page(compared_run({"stock": QUIET, "b": [1.3 * rate for rate in QUIET[::-1]]})).text
    sentence = "b is 25–35 % faster than stock here."
    assert text.index(sentence) < text.index("Before you read the numbers")
    assert text.count(sentence) == 1


def test_what_must_be_known_of_a_host_stands_once_on_a_comparisons_page():
    run = replace(compared_run({"stock": QUIET, "b": QUIET[::-1]}), host=a_host(**VIRTUAL))
    text = compared_page(run).text
    sentence = "This is a virtual machine: its numbers describe the machine it ran on."
    assert text.count(sentence) == 1
    assert text.index(sentence) < text.index("Before you read the numbers")


def test_the_page_says_what_a_new_run_would_tell_where_something_is_left_open():
    run = compared_run({"stock": QUIET, "b": [130.0, 80, 120, 90, 110, 100]})
    assert re.search(
        r"against stock \(95 %\)\. A new run of \d+ blocks, about .*, would tell about ±\d+ %\.",
        compared_page(run).text,
    )


def test_the_ranking_over_all_cells_comes_before_the_cells():
    run = compared_run({"stock": QUIET, "b": [2 * rate for rate in QUIET[::-1]]}, phases=("2-D", "2-G"))
    first, *cells = ComparisonView(compare_arms([run], lambda _cell, _blocks: None)).cells
    assert (first.heading, len(cells)) == ("Over all 2 cells: durable", 2)
    assert [(row["rank"], row["candidate"], row["ratio"]) for row in first.rows] == [
        ("1", "b", "2.000"), ("2", "stock", "1")
    ]  # fmt: skip


def test_the_forest_begins_with_the_ratios_over_all_cells_that_arms_are_ranked_by():
    run = compared_run({"stock": QUIET, "b": [2 * rate for rate in QUIET[::-1]]}, phases=("2-D", "2-G"))
    comparison = compare_arms([run], lambda _cell, _blocks: None)
    over, *cells = ComparisonView(comparison).forest.rows
    [pair] = comparison.overall.pairs
    assert (over["rung"], over["ratio"], over["label"]) == ("b | over all 2 cells", pair.settled.ratio, "2.000 faster")
    assert (over["low"], over["high"]) == (pair.settled.interval.low, pair.settled.interval.high)
    assert len(cells) == len({row["rung"] for row in cells}) == 2
    assert not any("all" in row["rung"] for row in cells)


def test_the_forest_of_one_cell_has_nothing_over_all():
    run = compared_run({"stock": QUIET, "b": QUIET[::-1]})
    [row] = ComparisonView(compare_arms([run], lambda _cell, _blocks: None)).forest.rows
    assert row["rung"].startswith("b | 2-C")


def test_hosts_have_what_their_rows_cost_side_by_side_and_variants_of_one_box_do_not():
    one = compared_run({"stock": QUIET})
    other = replace(
        one,
        host=replace(a_host(cpu={"logical_cpus": 2}), host="bench-2"),
        records=[replace(each, energy_j=each.rows / 500) for each in one.records],
        histograms={key: a_histogram(5_000, 5_000, 90_000, times=900) for key in one.histograms},
    )
    comparison = compare_runs([one, other], "host")
    [cell] = ComparisonView(comparison).cells
    assert cell.costs == [
        ("bench-1", {"p50 ms": "45", "p99 ms": "47", "rows/s a CPU": "20.1", "J/1,000 rows": "–"}),
        ("bench-2", {"p50 ms": "5.00", "p99 ms": "90.0", "rows/s a CPU": "40.2", "J/1,000 rows": "2"}),
    ]
    reports = [ladder_of(run) for run in (one, other)]
    page = Page(build_page([one, other], reports, Assets("/* vega */", {"forest": {}}), "0.1.0", [comparison]))
    assert "J/1,000 rows" in page.text
    assert "not what the wall plug gives" in page.text
    assert "J/1,000 rows" not in compared_page(compared_run({"stock": QUIET, "b": QUIET[::-1]})).text


def test_durability_that_differs_is_said_before_any_ratio():
    run = compared_run({"stock": QUIET, "b": QUIET[::-1]})
    graded = [
        replace(each, durability="not crash-safe" if each.trial.variant == "b" else "durable") for each in run.records
    ]
    text = compared_page(replace(run, records=graded)).text
    assert text.index("do not have the same durability guarantee") < text.index("p adjusted")


def test_hosts_that_cannot_be_compared_say_why():
    run = compared_run({"stock": QUIET, "b": QUIET[::-1]})
    assert (
        "a and b can't be compared: window." in compared_page(run, refused=["a and b can't be compared: window."]).text
    )


def test_the_climb_begins_with_the_baseline_and_names_what_tells_arms_apart():
    run = compared_run({"stock": [100.0, 101], "big-wal": [100.0, 99], "async-commit": [1.0, 2]})
    rows = climbers(["bench-1"], [ladder_of(run)]).rows
    assert list(dict.fromkeys(row["who"] for row in rows if not row["published"])) == [
        "stock",
        "big-wal",
        "async-commit",
    ]


def test_over_all_cells_no_column_is_dashes_throughout():
    run = compared_run({"stock": QUIET, "fast": [2 * rate for rate in QUIET[::-1]]}, ("2", "2-C"))
    over, cell, *_ = ComparisonView(compare_arms([run], lambda _cell, _blocks: None)).cells
    assert over.heading.startswith("Over all 2 cells")
    assert list(over.rows[0]) == [
        "rank", "candidate", "ratio", "interval", "burst ratio", "p adjusted", "verdict", "min. effect",
        "blocks + more",
    ]  # fmt: skip
    assert {"rows/s", "durability"} <= set(cell.rows[0])


def test_the_legend_names_the_noise_floor_only_where_it_was_measured():
    run = compared_run({"stock": QUIET, "fast": QUIET[::-1]})
    noise = CellNoise(
        variant="stock", measured="2026-11-22", blocks=9, spread=0.02, drift=0, detectable=0.03, blocks_for_margin=9
    )
    assert "the noise floor" not in compared_page(run).text
    assert "the noise floor" in compared_page(run, noise=noise).text


def test_a_row_of_the_forest_says_first_what_tells_it_from_the_others():
    run = compared_run({"stock": QUIET, "fast": QUIET[::-1]}, ("2", "2-C"))
    layouts = {"2": "plain", "2-C": "unlogged"}
    records = [changed(each, layout=layouts[each.trial.phase]) for each in run.records]
    trials = tuple(replace(each, layout=layouts[each.phase]) for each in run.plan.trials)
    run = replace(run, records=records, plan=replace(run.plan, trials=trials))
    rows = ComparisonView(compare_arms([run], lambda _cell, _blocks: None)).forest.rows
    assert [row["rung"] for row in rows[1:]] == ["fast | 2 · plain", "fast | 2-C · unlogged"]


# --- what else a run was made for ------------------------------------------------------------------------------------


def begins(found, question):
    """What a page says right after its question."""
    assert f"<title>{question}</title>" in found.html
    return found.text[found.text.index(question, found.text.index("· ")) + len(question) :].strip()


def searched(records):
    plan = searching()
    own = [record for record in carried_out(plan, up_to(4321.0))[:records] if not record.trial.experiment]
    run = replace(pulled(*own), plan=plan.as_asked())
    report, found = ladder_of(run), slo(run)
    assert report.answer is None
    html = build_page([run], [report], Assets("/* vega */", {}), "0.1.0", searches=[(found, run.box)])
    return found, Page(html)


def test_the_page_of_a_search_begins_with_the_rate_that_keeps_the_promise_and_has_no_other_number():
    found, shown = searched(None)
    question = "What is the highest rate on bench-1 that keeps 99 % of rows within 50 ms?"
    assert begins(shown, question).startswith(found.sentence)
    assert "keeps 99 % of rows within 50 ms up to 4,260 rows/s" in found.sentence
    assert 'class="big"' not in shown.html
    assert 'id="how-many"' not in shown.html


def test_the_page_of_a_search_that_was_cut_says_so_first():
    found, shown = searched(6)
    after = begins(shown, "What is the highest rate on bench-1 that keeps 99 % of rows within 50 ms?")
    assert after.startswith(f"So far: this run is not complete. {found.sentence}")
    assert "the search has not come to its end" in found.sentence


def test_the_page_of_rows_at_a_rate_begins_with_how_long_they_took_and_says_it_once():
    run = at_rates(lambda _: 31_000, (10_000,))
    [sentence] = open_loops(ladder_of(run).ladders[0])
    found = page(run)
    assert begins(found, "How long do rows take on bench-1 when they come at a rate?").startswith(sentence)
    assert found.text.count(sentence) == 1


def test_the_page_of_equal_runs_asks_how_much_they_differ_and_not_which_is_faster():
    run = again(compared_run({"stock": QUIET, "stock-again": QUIET[::-1]}))
    comparison, said = compare_arms([run], lambda *_: None), answer_of(box_noise(run))
    assets = Assets("/* vega */", {"forest": {}})
    found = Page(build_page([run], [ladder_of(run)], assets, "0.1.0", [comparison], noises=[(said, run.box)]))
    assert begins(found, "How much do equal runs differ on bench-1?").startswith(said)
    assert "Two equal runs of 6 blocks differ here by up to ±" in said
    assert "Which is faster?" not in found.text
    assert "Which configuration" not in found.text
    assert "Equal runs against each other" in found.text
    assert comparison.sentence in found.text


# --- what can be opened ----------------------------------------------------------------------------------------------


def test_whatever_can_be_opened_has_a_name_of_its_own_in_the_address():
    found = compared_page(compared_run({"stock": QUIET, "b": QUIET[::-1], "c": QUIET}, ("2", "2-C")))
    opened = re.findall("<details[^>]*>", found.html)
    names = [re.search(' id="([a-z0-9-]+)"', each)[1] for each in opened]
    assert len(names) == len(set(names))
    every = {"doubts", "comparison-1", "how-many", "climb", "ladder-1-1", "trials-1", "fingerprint", "fingerprint-cpu"}
    assert every <= set(names)
