"""The author's table beside one's own: compact on the terminal, every figure on the page and in JSON."""

import io
from dataclasses import asdict

import pytest
from rich.console import Console

from bench.analysis.ladder import Ladders, ladder_report
from bench.analysis.published import PUBLISHED
from bench.model.codec import to_json
from bench.model.record import Cpu
from bench.report.page import build_page
from bench.report.page.assets import Assets
from bench.report.published import beside_heading
from bench.report.terminal import show_ladders
from bench.results.read import ladder_of
from tests.builders import a_record, changed, pulled, void


def run(times=1.0, phases=tuple(each.phase for each in PUBLISHED), **of_void):
    records = []
    for block, factor in enumerate((1.0, 1.02, 0.99), 1):
        for each in PUBLISHED:
            if each.phase in phases:
                changes = {
                    "rows_per_s": times * factor * each.rows_per_s,
                    "row_latency_ms": each.latency_ms,
                    "cpu": Cpu(host_pct=each.host_pct / 2, steal_pct=0, client_cores=0.9, server_cores=0.3),
                }
                changes |= of_void.get(each.phase.replace("-", "_"), {})
                records.append(a_record(len(records) + 1, each.phase, block=block, **changes))
    return pulled(*records)


def printed(of, width=80, *, detail=False):
    out = Console(file=io.StringIO(), width=width, highlight=False)
    show_ladders(out, ladder_report(of), detail=detail)
    return out.file.getvalue()


def rows(text):
    """Of each line of the table below the heading, its words."""
    lines = iter(text[text.index("Beside the published ladder") :].splitlines())
    next(line for line in lines if line.startswith("phase"))
    return [next(lines).split() for _ in range(len(PUBLISHED) + 1)]


def test_the_authors_figures_stand_beside_ours_with_each_steps_interval_and_what_it_comes_to():
    found = rows(printed(run(times=2)))
    assert found[0] == ["1", "70", "140"]
    assert found[1] == ["2", "175", "351", "2.5×", "2.5×", "2.500–2.500", "reproduced"]
    assert found[3][:3] == ["2-C", "17,400", "34,900"]
    assert found[4][-4:] == ["1×", "1×", "1.006–1.006", "reproduced"]
    assert found[5] == ["2-D/1", "250×", "250×"]


def test_latency_and_cpu_beside_the_authors_stand_in_the_detail():
    lines = [line.split() for line in printed(run(times=2), detail=True).splitlines()]
    for row in (
        ["1", "15.0", "15.0", "35", "17.5"],
        ["2", "2.80", "2.80", "15", "7.5"],
        ["2-D/1", "50×", "50×"],
    ):
        assert row in lines
        assert row not in [line.split() for line in printed(run(times=2)).splitlines()]


def test_what_is_reproduced_is_said_in_a_sentence_and_the_rule_is_written_down():
    text = " ".join(printed(run(times=2)).split())
    assert (
        "Reproduced here: ms a row 1, 2, 2-B, 2-C, 2-D; step of rows/s 1 to 2, 2 to 2-B, 2-B to 2-C, 2-C to 2-D,"
        " 1 to 2-D; step of ms a row 1 to 2-D." in text
    )
    assert "Not reproduced here: rows/s 1, 2, 2-B, 2-C, 2-D; CPU % 1, 2, 2-B, 2-C, 2-D." in text
    assert (
        "Reproduced: the interval (95 %, over blocks) holds the author's figure, or lies within a factor of 1.1" in text
    )
    assert "Other, not to be compared" not in text


def test_a_rung_without_a_number_is_a_dash_and_other():
    text = printed(run(**{"2_B": void()}))
    found = rows(text)
    assert found[2] == ["2-B", "5,100", "–", "29×", "–", "–", "other"]
    assert (
        "Other, not to be compared: rows/s 2-B; ms a row 2-B; CPU % 2-B; step of rows/s 2 to 2-B, 2-B to 2-C."
        in " ".join(text.split())
    )


@pytest.mark.parametrize("times", [1e-3, 1, 5e4])
def test_the_table_fits_80_columns_and_no_number_is_cut(times):
    text = printed(run(times=times))
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text


@pytest.mark.parametrize("width", [50, 60])
def test_on_a_narrow_terminal_its_numbers_are_the_same(width):
    assert rows(printed(run(), width)) == rows(printed(run()))


def test_a_ladder_with_one_published_rung_has_no_such_table():
    assert beside_heading().partition(":")[0] not in printed(run(phases=("2-D",)))


def test_of_several_ladders_the_first_stands_beside_it_and_the_others_are_elsewhere():
    one = run()
    both = [*one.records, *(changed(each, number=100 + each.trial.number, layout="no-index") for each in one.records)]
    text = printed(pulled(*both))
    text = " ".join(text.split())
    assert text.count(beside_heading()) == 1
    assert "here: stock · no-index · tcp · durable · 64 B payload; the other ladders' are on the page" in text


def test_the_page_has_every_figure_with_why():
    of = run(times=2, **{"1": void()})
    html = build_page([of], [ladder_of(of)], Assets("/* vega */", {"climb": {}}), "0.1.0")
    [ladder] = ladder_of(of).ladders
    table = html[html.index('class="cards published-table"') :]
    table = table[: table.index("</table>")]
    assert table.count("<tr>") == len(ladder.published) + 1
    for text in (
        "2-C: rows/s",
        "17,400",
        "34,900",
        "not reproduced",
        "1 has no trial that counts: all are void",
        "50×",
    ):
        assert text in table


def test_the_page_of_one_published_rung_has_no_such_table():
    of = run(phases=("2-D",))
    assert 'class="cards published-table"' not in build_page(
        [of], [ladder_of(of)], Assets("/* vega */", {"climb": {}}), "0.1.0"
    )


def test_programs_get_every_figure():
    report = ladder_report(run())
    [figure] = [
        each
        for each in report.ladders[0].published
        if (each.figure, each.phase, each.over) == ("rows_per_s", "2-B", "2")
    ]
    assert asdict(figure) == {
        "figure": "rows_per_s",
        "phase": "2-B",
        "over": "2",
        "published": 29,
        "here": {
            "estimate": pytest.approx(5100 / 175),
            "low": pytest.approx(5100 / 175),
            "high": pytest.approx(5100 / 175),
        },
        "conclusion": "reproduced",
        "why": "the interval lies within a factor of 1.1",
    }
    assert b'"conclusion":"reproduced"' in to_json(Ladders(hosts=(report,)))
