"""A comparison for people: at most 80 columns, what must be known first, ties and stars explained."""

import io
import random
import re
from dataclasses import replace
from itertools import product

import pytest
from rich.console import Console

from bench.analysis.compare import compare_arms
from bench.analysis.comparison import CellNoise
from bench.analysis.sides import compare_runs
from bench.model.codec import to_json
from bench.report.comparison import explanations_table, show_comparison
from bench.report.numbers import number, p_text, percent
from bench.report.page.comparing import ComparisonView, where
from bench.report.ratios import interval_text
from bench.report.words import shortened
from bench.stats.compare import compare
from tests.builders import a_host, a_record, compared_run, doubtful, pulled, void
from tests.varying_speed import measured

QUIET = [100.0, 103, 98, 101, 99, 102]
NOISE = CellNoise(
    variant="stock",
    measured="2026-11-22T10:15:00+00:00",
    blocks=12,
    spread=0.021,
    drift=-0.004,
    detectable=0.031,
    blocks_for_margin=14,
)


def printed(report, *, detail=True):
    out = Console(file=io.StringIO(), width=80, color_system=None)
    show_comparison(out, report, detail=detail)
    text = out.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    return text


def plain(report, command=None):
    """What is printed where no detail is asked for, on a terminal of 80 columns."""
    out = Console(file=io.StringIO(), width=80, color_system=None)
    show_comparison(out, report, command=command)
    text = out.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    return text


def told(rates, noise=None, **more):
    return compare_arms([compared_run(rates, **more)], lambda _cell, _blocks: noise)


def test_the_row_of_an_arm_has_ratio_interval_p_value_verdict_and_what_so_many_blocks_detect():
    text = printed(told({"stock": QUIET, "async-commit": [2 * rate for rate in QUIET[::-1]]}))
    row, more, *_ = [
        line.split() for line in text.splitlines() if line.startswith("async-commit ") and "differs" not in line
    ]
    assert row == ["async-commit", "201", "161", "2.000", "1.930–2.072", "faster"]
    assert more == ["async-commit", "1", "2.000", "<.001", "6.0", "%", "6"]


def of_batches(*batches):
    """Two layouts compared in each of these batches."""
    records = []
    for block, rate in enumerate(QUIET, 1):
        for batch, layout in product(batches, ("plain", "no-index")):
            number = len(records) + 1
            records.append(a_record(number, block=block, batch=batch, layout=layout, rows_per_s=rate))
    return compare_arms([pulled(*records)], lambda _cell, _blocks: None, across="layout")


def test_a_cell_is_named_by_the_parameters_that_tell_it_from_others_of_its_phase():
    report = of_batches(10, 500)
    lines = printed(report).splitlines()
    assert "2-C executemany · batch 10 · tcp · stock" in lines
    assert "2-C executemany · batch 500 · tcp · stock" in lines
    assert any(line.split() == ["batch", "10", "batch", "500"] for line in lines)
    assert [where(report, cell) for cell in report.cells] == ["2-C · batch 10", "2-C · batch 500"]
    assert [cell.where(report.cells) for cell in report.cells] == ["2-C batch 10 tcp", "2-C batch 500 tcp"]


def test_a_parameter_that_all_cells_of_a_phase_share_is_not_in_their_names():
    assert "2-C executemany · tcp · stock" in printed(of_batches(10)).splitlines()
    phases = told({"stock": QUIET, "async-commit": QUIET}, phases=("1", "2-C"))
    assert [cell.differing(phases.cells) for cell in phases.cells] == [[], []]


@pytest.mark.parametrize("size", [0.001, 1, 1e3, 9.99e5, 9.99e8])
def test_a_matrix_of_many_arms_with_long_names_keeps_to_80_columns(size):
    source = random.Random(4)
    names = ["stock", "no-full-page-writes", "a-very-long-name-of-a-variant-of-someone-else-1234567", "pgtune-oltp"]
    rates = {name: [size * source.lognormvariate(0, 1.5) for _ in range(3)] for name in names}
    text = printed(told(rates, NOISE, phases=("1", "1-B", "2", "2-B", "2-C", "2-D", "2-G", "2-H")))
    assert "The matrix" in text
    assert text.count("2-H") >= 2


def test_the_noise_floor_is_printed_or_how_to_get_it():
    rates = {"stock": QUIET, "b": QUIET[::-1]}
    assert printed(told(rates)).count("The noise of this box is not measured here: make noise") == 1
    text = " ".join(printed(told(rates, NOISE)).split())
    assert (
        "spread 2.1 %, drift -0.4 %; of one pair alone so many blocks detect 3.1 %, the margin takes 14 blocks." in text
    )


def test_ties_are_shown_as_ties():
    text = printed(told({"stock": QUIET, "b": QUIET[::-1]}))
    rows = [line.split() for line in text.splitlines() if line.startswith(("stock ", "b ")) and "differs" not in line]
    assert [row[1] for row in rows if "–" in row[1]] == ["1–2", "1–2"]


def test_a_verdict_taken_back_among_many_has_a_star():
    barely = [rate * wobble for rate, wobble in zip(QUIET, [1.01, 1.09, 1.05, 1.12, 1.02, 1.06], strict=True)]
    assert "undecided*" in printed(told({"a": QUIET, "b": barely} | {f"c{n}": QUIET for n in range(9)}))


def test_a_refused_arm_says_so():
    run = compared_run({"a": QUIET, "b": QUIET[::-1], "huge": [None] * 6})
    refused = void("refused", "refused: variant huge: no huge pages")
    records = [replace(each, **refused) if each.trial.variant == "huge" else each for each in run.records]
    text = printed(compare_arms([replace(run, records=records)], lambda _cell, _blocks: None))
    assert re.search(r"^huge .* refused *$", text, re.MULTILINE)
    assert re.search(r"^huge .* 6 void *$", text, re.MULTILINE)
    assert "Note: huge: refused: variant huge: no huge pages." in text


def test_over_all_cells_each_durability_has_its_ranking():
    run = compared_run(
        {"stock": QUIET, "b": [2 * rate for rate in QUIET[::-1]], "no-fsync": QUIET}, phases=("2-D", "2-G")
    )
    records = [
        replace(each, durability="none" if each.trial.variant == "no-fsync" else "durable") for each in run.records
    ]
    text = printed(compare_arms([replace(run, records=records)], lambda _cell, _blocks: None))
    durable = text.index("Over all 2 cells: durable")
    assert durable < text.index("Over all 2 cells: none")
    rows = [line.split() for line in text[durable : text.index("rates: ")].splitlines()]
    assert [row[:3] for row in rows if row[:1] in (["b"], ["stock"])] == [
        ["b", "2.000", "1.930–2.072"], ["stock", "1", "baseline"], ["b", "1", "2.000"], ["stock", "2"]
    ]  # fmt: skip


def test_hosts_have_what_their_rows_cost_and_what_could_explain_a_difference():
    other = replace(compared_run({"stock": QUIET}), host=replace(a_host(cpu={"model": "Ryzen"}), host="bench-2"))
    text = printed(compare_runs([compared_run({"stock": QUIET}), other], "host"))
    assert "J/1,000 rows" in text
    assert "Intel(R) N100" in text
    assert "not paired" in " ".join(text.split())


def test_names_keep_their_end_which_tells_runs_apart():
    assert shortened("20261122T101500-ab12") == "20261122T101500-ab12"
    assert shortened("x20261122T101500-ab12") == "…0261122T101500-ab12"


@pytest.mark.parametrize(("value", "text"), [(0.98249, "0.982"), (12.4, "12.40"), (9.9996, "10.00"), (1234.0, "1e+03")])
def test_ratios_are_short(value, text):
    assert number(value) == text


def test_what_is_not_known_is_a_dash():
    assert interval_text(compare([1.0], [2.0])) == "–"
    assert (p_text(None), p_text(0.0004), p_text(0.0321), p_text(1.0)) == ("–", "<.001", ".032", "1")
    assert (percent(0.0123), percent(0.5), percent(99.0)) == ("1.2 %", "50 %", ">999 %")


def test_everything_printed_is_in_the_json_too():
    report = told({"stock": QUIET, "b": QUIET[::-1]}, NOISE)
    text = to_json(report).decode()
    for word in ("interval", "adjusted_p", "detectable", "more_blocks", "noise", "best", "worst", "durability"):
        assert f'"{word}"' in text


def test_over_all_cells_the_baseline_alone_is_not_shown():
    run = compared_run({"stock": QUIET, "no-fsync": QUIET[::-1]}, phases=("2-D", "2-G"))
    records = [
        replace(each, durability="not crash-safe" if each.trial.variant == "no-fsync" else "durable")
        for each in run.records
    ]
    text = printed(compare_arms([replace(run, records=records)], lambda _cell, _blocks: None))
    assert "Over all 2 cells: not crash-safe" in text
    assert "Over all 2 cells: durable" not in text


def test_runs_have_no_rank_and_no_column_for_it():
    one = compared_run({"stock": QUIET})
    later = replace(one, plan=replace(one.plan, run="20261123T101500-ab12"))
    text = printed(compare_runs([one, later], "run"))
    assert " rank " not in text.partition("ratio: of")[0]
    assert " rank " in printed(told({"stock": QUIET, "b": QUIET[::-1]}))


def test_arms_that_are_durable_in_some_cells_only_are_not_called_both_at_once():
    run = compared_run({"stock": QUIET, "b": QUIET[::-1]}, phases=("2-D", "2-G"))
    records = [
        replace(each, durability="not crash-safe" if each.trial.phase == "2-G" else "durable") for each in run.records
    ]
    text = printed(compare_arms([replace(run, records=records)], lambda _cell, _blocks: None))
    assert "Over all 2 cells: durable in some, not crash-safe in others" in text


def test_what_only_a_factor_of_2_would_show_is_told_without_a_figure():
    wild = [1.0, 9, 1, 9, 1, 9]
    assert " >2× " in printed(told({"stock": wild, "b": wild[::-1]}))
    text = " ".join(printed(told({"stock": QUIET, "b": QUIET}, replace(NOISE, detectable=7.26))).split())
    assert "so many blocks detect more than a factor of 2, the margin takes" in text


def explained(width, hosts=2):
    """What could explain a difference of boxes that differ in a fact of many parts and in a long list."""
    flaws = {f"flaw_{n}": "Mitigation: something long; conditional; and more words to come" for n in range(3)}
    runs = []
    for host_number in range(hosts):
        mitigations = {"mitigations": flaws | ({"flaw_1": "Vulnerable"} if host_number else {})}
        options = ["rw", *(f"option_{n}={host_number}" for n in range(12))]
        host = a_host(cpu=mitigations, disk={"mount_options": options})
        runs.append(replace(compared_run({"stock": [100.0, 103]}), host=replace(host, host=f"box-{host_number}")))
    out = Console(file=io.StringIO(), width=width, highlight=False)
    out.print(explanations_table(compare_runs(runs, "host")))
    return out.file.getvalue()


@pytest.mark.parametrize(("width", "hosts"), [(100, 2), (80, 2), (100, 4)])
def test_explanations_keep_their_first_column_and_print_no_dictionaries(width, hosts):
    text = explained(width, hosts)
    firsts = [line.split()[0] for line in text.splitlines() if line[0] != " "]
    assert firsts == ["fact", "host", "cpu.mitigations.flaw_1", "disk.mount_options"]
    assert not set("{}[]'…") & set(text)
    assert "flaw_0" not in text


# --- without detail --------------------------------------------------------------------------------------------------


def test_a_row_has_candidate_rate_ratio_interval_and_verdict():
    text = plain(told({"stock": QUIET, "async-commit": [2 * rate for rate in QUIET[::-1]]}))
    [head, under] = [line.split() for line in text.splitlines() if "sustained" in line or "rows/s" in line][:2]
    assert (head, under) == (["sustained"], ["variant", "rows/s", "ratio", "interval", "verdict"])
    [row, _] = [line.split() for line in text.splitlines() if line.startswith("async-commit ")]
    assert row == ["async-commit", "161", "2.000", "1.930–2.072", "faster"]


def test_doubts_stand_in_a_column_of_their_own_and_no_number_has_a_mark():
    run = compared_run({"stock": QUIET, "b": QUIET[::-1]})
    records = [replace(run.records[0], **void()), *run.records[1:]]
    records[3] = replace(records[3], validity=doubtful("suspect", "steal"))
    text = plain(compare_arms([replace(run, records=records)], lambda _cell, _blocks: None))
    assert re.search(r"^stock .* baseline +1 void *$", text, re.MULTILINE)
    assert re.search(r"^b .* 1 suspect *$", text, re.MULTILINE)
    assert not re.search(r"[?!*]", "".join(line for line in text.splitlines() if line.startswith(("stock ", "b "))))


@pytest.mark.parametrize("size", [0.001, 1, 1e3, 9.99e5, 9.99e8])
def test_tables_without_detail_keep_to_80_columns(size):
    source = random.Random(4)
    names = ["stock", "no-full-page-writes", "a-very-long-name-of-a-variant-of-someone-else-1234567", "pgtune-oltp"]
    rates = {name: [size * source.lognormvariate(0, 1.5) for _ in range(3)] for name in names}
    text = plain(told(rates, NOISE, phases=("1", "1-B", "2", "2-B", "2-C", "2-D", "2-G", "2-H")))
    assert text.count("2-H") >= 2
    assert "Over all 8 cells" in text


def test_the_legend_takes_three_lines_at_most():
    text = plain(told({"stock": QUIET, "b": QUIET[::-1]}, NOISE, phases=("2-C", "2-D")))
    legend = text[text.index("ratio: of ") :].split("\n\n")[0]
    assert len(legend.splitlines()) <= 3


def test_the_answer_comes_last_with_the_command_in_one_line():
    report = told({"stock": QUIET, "b": [130.0, 80, 120, 90, 110, 100]})
    assert report.longer is not None
    text = plain(report, "make compare X=1")
    *_, offer, command = text.splitlines()
    assert report.sentence in " ".join(text.split())
    assert re.fullmatch(r".*would tell about ±\d+ %:", offer)
    assert command == "  make compare X=1"


def test_hosts_without_detail_keep_to_80_columns_too():
    other = replace(compared_run({"stock": QUIET}), host=replace(a_host(cpu={"model": "Ryzen"}), host="bench-2"))
    assert "bench-2" in plain(compare_runs([compared_run({"stock": QUIET}), other], "host"))


# --- adjusted --------------------------------------------------------------------------------------------------------


def test_below_the_pairs_stands_what_they_are_adjusted_and_which_decides():
    text = printed(told({"stock": QUIET, "async-commit": [2 * rate for rate in QUIET[::-1]]}))
    rows = [line.split() for line in text.splitlines()]
    # The client of these records is always as busy, so its CPU time a row tells all of the rate and nothing of speed.
    assert ["async-commit", "1.000", "1.000–1.000", *["not", "as", "fast", "under", "both"], "unadjusted"] in rows
    assert "Adjusted for client-cpu (slope -1)." in text
    assert "The unadjusted decides: its plan names no covariate" in text
    assert "adjusted: the ratio had the machine been as fast under both" in " ".join(text.split())


def adjusted_where_it_may():
    """Two rungs: in both the machine is shown to be as fast under ``fast``, and not under ``slow``."""
    run = measured(
        {"stock": 0.0, "fast": 0.05, "slow": 0.0}, phases=("2-C", "2-G"), slowed=0.1, speed=0.003, noise=0.003
    )
    return compare_arms([run], lambda _cell, _blocks: None)


def test_a_row_whose_ratio_is_adjusted_says_so_and_each_line_its_pairs():
    for detail in (False, True):
        text = printed(adjusted_where_it_may(), detail=detail)
        rows = [line.split() for line in text.splitlines()]
        of_fast = [row for row in rows if row[:1] == ["fast"] and "faster" in row]
        # One in each rung, and one over both.
        assert len(of_fast) == 3
        assert all("adjusted" in row for row in of_fast)
        of_slow = [row for row in rows if row[:1] == ["slow"] and "slower" in row]
        assert len(of_slow) == 3
        assert not any("adjusted" in row for row in of_slow)
        assert text.count("The adjusted decides of fast.") == 3
        assert text.count("The unadjusted decides of slow: ") == 3
        assert "rates, adjusted where marked, paired" in " ".join(text.split())


def test_the_matrix_marks_what_is_of_adjusted_rates():
    text = printed(adjusted_where_it_may())
    assert plain(adjusted_where_it_may())
    [line] = [line.split() for line in text.splitlines() if line.startswith("fast") and "+a" in line]
    assert line[2::2] == ["+a", "+a"]
    assert "a: of adjusted rates" in " ".join(text.split())
    assert "a: of adjusted rates" not in printed(told({"stock": QUIET, "b": QUIET[::-1]}, phases=("2", "2-C")))


def test_the_page_says_by_what_ratios_are_adjusted_and_why_others_are_not():
    over, *cells = ComparisonView(adjusted_where_it_may()).cells
    for view in (over, *cells):
        assert "The adjusted decides of fast." in view.lines
        [fast] = [line for line in view.lines if line.startswith("Adjusted for the machine's speed, fast: 1.0")]
        assert fast.endswith("); the machine was as fast under both.")
        assert any(line.startswith("Adjusted for client-cpu (slope") for line in view.lines)
        assert any(line.startswith("The unadjusted decides of slow: ") for line in view.lines)
