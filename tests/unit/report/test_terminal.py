"""The ladder on paper: within 80 columns, no number cut, doubts first, no escape codes where none belong."""

import io
import re
import textwrap
from dataclasses import replace
from itertools import takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.control import Control
from rich.text import Text

from bench.analysis.ladder import LadderReport
from bench.model.fingerprint import Unreadable
from bench.model.record import ClientTime, Cpu
from bench.report.console import WIDTH, PatientConsole, console
from bench.report.numbers import duration, percentile, rate, short, size
from bench.report.progress import RunProgress
from bench.report.terminal import legend, show_ladders
from bench.workload.phase import ladder
from tests.builders import RUN, a_histogram, a_host, a_record, a_report, a_trial, climbed, doubtful, void


def printed(report, width=WIDTH, *, detail=False):
    out = Console(file=io.StringIO(), width=width, highlight=False)
    show_ladders(out, report, detail=detail)
    return out.file.getvalue()


def table_of(text):
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("phase"))
    rows = takewhile(lambda line: re.match(r"\d(-[A-Z]\d?)?\s", line), lines[start + 1 :])
    return lines[start - 1 : start + 1], [line.split() for line in rows]


def the_widest():
    """Every column as wide as a large machine, a slow disk and a generous user can make it."""
    records, histograms = [a_record(1, "1", rows_per_s=0.5)], {}
    for trial, (phase, known) in enumerate(ladder().items(), 2):
        pool = {"pool_min": 1000, "pool_max": 1000} if known.parameters.pool_max else {}
        record = a_record(
            trial,
            phase,
            rows_per_s=123_456_789.0 if phase != "1" else 0.5,
            settled_rows_per_s=123_456_789.0,
            commits_per_s=999_499.0,
            batch=32_767,
            processes=64 if phase != "1" else 1,
            cpu=Cpu(host_pct=100, steal_pct=0, client_cores=128.25, server_cores=128.25),
            validity=doubtful("suspect", "steal"),
            **pool,
        )
        records.append(record)
        histograms[trial, 1] = a_histogram(123_456_789, times=1000)
    return a_report(ladders=tuple(climbed(*records, histograms=histograms)), notes=("a note " * 40,))


# --- width -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detail", [False, True])
def test_the_widest_imaginable_ladder_fits_80_columns_and_no_number_is_cut(detail):
    text = printed(the_widest(), detail=detail)
    assert max(len(line) for line in text.splitlines()) <= 80
    assert "…" not in text
    _, rows = table_of(text)
    assert rows[-1][-7:] == ["123,500,000", "123,500,000", "123,000", "123,000", "1×", "1", "suspect"]


def test_what_80_columns_leave_out_is_there_where_numbers_are_usual():
    text = printed(a_report(a_record(1, "1", rows_per_s=70), a_record(2, "2-C", rows_per_s=1_030_000)))
    assert "rows a" in text
    assert table_of(text)[1][-1][:4] == ["2-C", "executemany", "100", "1,030,000"]


@pytest.mark.parametrize("width", [40, 60, 79])
def test_on_a_narrow_terminal_lines_run_over_but_no_number_is_cut(width):
    report = a_report(a_record(1, "1", rows_per_s=70), a_record(2, "2-C"))
    narrow, wide = printed(report, width), printed(report)
    assert "…" not in narrow
    assert table_of(narrow)[1] == table_of(wide)[1]


@given(st.just(0) | st.floats(0.01, 9e11))
def test_a_rate_has_six_characters_and_the_right_size(value):
    text = rate(value)
    assert len(text) <= 6
    back = float(text.replace(",", "").translate({ord("k"): "e3", ord("M"): "e6", ord("G"): "e9"}))
    assert back == pytest.approx(value, rel=5.1e-3, abs=1e-300)


@given(st.floats(0.001, 9e8))
def test_a_duration_has_five_characters_and_the_right_size(value):
    text = short(value)
    assert len(text) <= 5
    back = float(text.replace(",", "").translate({ord("k"): "e3", ord("M"): "e6"}))
    assert back == pytest.approx(value, rel=6e-3, abs=0.0005)


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0, "0"), (16.44, "16.4"), (99.96, "100"), (17_500, "17,500"), (99_994, "99,994"), (99_995, "100.0k"),
     (281_000, "281.0k"), (999_960, "1.000M"), (1_030_000, "1.030M")],
)  # fmt: skip
def test_rates_read_like_this(value, text):
    assert rate(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (0.0001, "<.001"), (0.0123, "0.012"), (0.26, "0.260"), (6.3, "6.30"), (99.96, "100"), (1250, "1,250"),
     (12_500, "12.5k"), (9_999.6, "10.0k")],
)  # fmt: skip
def test_durations_read_like_this(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("value", "interval", "text"),
    [(10.9, (10.2, 11.6), "11"), (10.9, (10.85, 10.97), "10.9"), (0.748, (0.71, 0.79), "0.75"), (26, (26, 26), "26.0"),
     (133, (126, 140), "130"), (1260, (1150, 1350), "1,300"),
     (44.1, (41, 48), "44"), (12_340, (11_200, 13_400), "12,000"), (0.0123, (0.0119, 0.0127), "0.012"),
     (None, None, "–"), (23.4, (17, 30), "20"), (83_400, (60_000, 110_000), "80,000")],
)  # fmt: skip
def test_a_percentile_has_no_more_figures_than_its_interval_bears(value, interval, text):
    assert percentile(value, interval) == text


@pytest.mark.parametrize(("seconds", "text"), [(40, "40 s"), (300, "5 min"), (7800, "2 h 10 min"), (7199, "2 h 0 min")])
def test_spans_read_like_this(seconds, text):
    assert duration(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(1_700_000_000, "1.7 GB"), (50_000_000, "50 MB")])
def test_bytes_read_like_this(count, text):
    assert size(count) == text


# --- what is there ---------------------------------------------------------------------------------------------------


def test_a_row_reads_as_the_contract_has_it():
    histograms = {(2, 1): a_histogram(26_000, times=1000)}
    records = [a_record(1, "1", rows_per_s=70), a_record(2, "2-C")]
    text = printed(a_report(ladders=tuple(climbed(*records, histograms=histograms))))
    header, rows = table_of(text)
    columns = "rows a sustained median 99 % phase method commit rows/s rows/s ms ms step"
    assert " ".join(" ".join(header).split()) == columns
    assert " ".join(rows[1]) == "2-C executemany 100 17,500 14,000 26.0 26.0 250×"


def test_what_else_is_known_of_a_rung_stands_in_the_detail():
    report = a_report(a_record(1, "1", rows_per_s=70), a_record(2, "2-C"))
    assert "connections" not in printed(report)
    lines = [line.split() for line in printed(report, detail=True).splitlines()]
    more = ["2-C", "10–100", "175", "–", "0.92", "1.31", "250×", "17,500", "17,500"]
    assert more in lines


def test_rates_of_a_ladder_are_all_written_one_way():
    rates = {"1": 0.5, "1-B": 72.5, "2": 1_172, "2-C": 99_996, "2-D": 313_312, "2-G": 1_030_000}
    records = [a_record(number, phase, rows_per_s=rate) for number, (phase, rate) in enumerate(rates.items(), 1)]
    rows = {row[0]: row for row in table_of(printed(a_report(*records)))[1]}
    found = ["0.5", "72", "1,172", "100,000", "313,300", "1,030,000"]
    assert [next(word for word in rows[phase] if word in found) for phase in rates] == found


def test_what_is_not_known_is_a_dash_and_a_rung_without_a_valid_trial_says_void():
    cpu = Cpu(host_pct=None, steal_pct=None, client_cores=None, server_cores=None)
    text = printed(a_report(a_record(1, "1", cpu=cpu, **void())))
    assert " ".join(table_of(text)[1][0]) == "1 connect each 1 void – – – – 1 void"


def test_a_rung_says_how_many_processes_it_really_had():
    report = a_report(a_record(1, "2-H"), a_record(2, "2-G"), a_record(3, "1", processes=3))
    text = printed(report, detail=True)
    lines = text[text.index("connections") :].splitlines()
    pools = {line.split()[0]: line.split() for line in lines if line.startswith(("1", "2-"))}
    assert "3×–" in pools["1"]
    assert "5–10" in pools["2-G"]
    assert "4×2–4" in pools["2-H"]
    assert "so many client processes" in " ".join(text.split())


def test_the_heading_has_variant_layout_transport_and_durability():
    assert "stock · plain · tcp · durable · 64 B payload\n" in printed(a_report(a_record()))
    unknown = printed(a_report(a_record(durability="unknown", preload_rows=1000)))
    assert "stock · plain · tcp · durability unknown · 64 B payload · 1,000 rows before\n" in unknown


def test_the_heading_of_a_layout_that_another_engine_has_names_that():
    records = [a_record(1, "2-D"), a_record(2, "2-D", engine="timescaledb", layout="hypertable")]
    text = printed(a_report(*records))
    assert "timescaledb · stock · hypertable · tcp · durable · 64 B payload\n" in text
    assert "\nstock · plain · tcp · durable · 64 B payload\n" in text


def test_the_caption_says_how_the_numbers_came_about():
    records = [a_record(1, rows_per_s=100), a_record(2, rows_per_s=120, block=2), a_record(3, rows_per_s=90, block=3)]
    text = " ".join(printed(a_report(*records)).split())
    assert "3 trials as one, 2 s windows, closed loop." in text
    assert "steadiness" not in text
    text = " ".join(printed(a_report(*records), detail=True).split())
    assert "trials differ by up to 29% (phase 2-C)" in text
    assert "steadiness not assessed" in text
    assert "one trial: no spread known" in printed(a_report(a_record()))
    assert "steadiness" not in printed(a_report(a_record(seconds=20)), detail=True)


@pytest.mark.parametrize("load", ["closed", "open"])
def test_the_legend_takes_three_lines_at_most(load):
    of_load = {"rate": 2000.0, "arrivals": "poisson"} if load == "open" else {}
    records = [a_record(1, load=load, **of_load), a_record(2, "2-D", load="closed"), a_record(3, "2-D", load="closed")]
    [ladder] = climbed(*records)
    assert len(textwrap.wrap(legend(ladder), 80)) <= 3


def test_of_rungs_of_another_engine_a_sentence_names_it_and_the_layout_and_a_durability_that_is_another():
    changes = {"engine": "timescaledb", "layout": "hypertable"}
    records = [a_record(1, "2-D"), a_record(2, "3-T", **changes), a_record(3, "3-T2", **changes)]
    assert "Measured on timescaledb hypertable: 3-T, 3-T2." in " ".join(printed(a_report(*records)).split())
    records.append(a_record(4, "3-T3", **changes, durability="not crash-safe"))
    text = " ".join(printed(a_report(*records)).split())
    assert "on timescaledb hypertable: 3-T, 3-T2; on timescaledb hypertable not crash-safe: 3-T3." in text


def test_doubts_and_notes_come_before_the_first_number():
    records = [
        a_record(1, "1", rows_per_s=70, validity=doubtful("suspect", "steal", "the hypervisor gave 9 %")),
        a_record(2, "2-C", **void("rows-lost", "3 acknowledged rows are not there")),
        a_record(3, "2-D", validity=doubtful("valid", "some-steal", "the hypervisor gave 2 %", 0.02)),
        a_record(4, "2-E", validity=doubtful("suspect", "not-alone", "others took 0.7 of it", 0.7)),
    ]
    text = printed(a_report(*records, notes=("This run is not complete",)), detail=True)
    assert "slightly" not in printed(a_report(*records))
    order = [
        "Note: This run",
        "1 of 4 trials void, trial 2: 3 acknowledged rows are not there (2-C).",
        "1 of 4 trials suspect, trial 4: others took 0.7 of it (2-E).",
        "1 of 4 trials suspect, trial 1: the hypervisor gave 9 % (1).",
        "1 of 4 trials slightly doubtful, trial 3: the hypervisor gave 2 % (2-D).",
        "bench-1:",
        "phase",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)
    rows = {row[0]: row[-2:] for row in table_of(text)[1]}
    assert [rows[phase] for phase in ("1", "2-C", "2-E")] == [["1", "suspect"], ["1", "void"], ["1", "suspect"]]
    assert "suspect" not in rows["2-D"]


def test_a_doubt_of_many_rungs_is_one_line():
    steal = doubtful("suspect", "steal", "the hypervisor gave 9 %")
    trials = [a_record(n, phase, validity=steal) for n, phase in ((1, "1"), (2, "2-C"), (3, "2-C"))]
    text = " ".join(printed(a_report(*trials)).split())
    assert text.count("hypervisor") == 1
    assert "3 of 3 trials suspect, at worst trial 1: the hypervisor gave 9 % (1, 2-C)." in text


def test_a_doubt_of_many_ladders_is_one_line():
    steal = doubtful("suspect", "steal", "the hypervisor gave 9 %")
    trials = [a_record(number, validity=steal, layout=f"table-{number}") for number in (1, 2, 3)]
    assert printed(a_report(*trials)).count("hypervisor") == 1


def test_brackets_in_a_reason_are_text_and_no_markup():
    text = printed(a_report(a_record(validity=doubtful("suspect", "steal", "[red]x[/] and [1, 2]"))))
    assert "[red]x[/] and [1, 2]" in text


def test_the_host_is_described_by_what_is_known_of_it():
    text = " ".join(printed(a_report(a_record())).split())
    assert (
        "bench-1: Intel(R) N100, 4 CPUs, 16 GiB, nvme disk, ext4, 812 fdatasync/s; PostgreSQL 15.9;"
        " Debian GNU/Linux 12, kernel 6.1.0-28-amd64" in text
    )


def test_a_server_elsewhere_is_not_described_by_the_machine_of_the_clients():
    facts = a_host().facts | {"pgladder": {"clients_on": "laptop"}}
    text = " ".join(printed(a_report(a_record(), host=replace(a_host(), host="db.example", facts=facts))).split())
    assert "db.example: PostgreSQL 15.9; clients on laptop: Intel(R) N100, 4 CPUs, 16 GiB; Debian" in text


def test_flushes_are_told_with_their_spread_where_there_were_several_readings():
    disk = {"kind": "nvme", "file_system": "ext4", "fsync_per_s": 812.5}
    host = a_host(disk=disk | {"fsync_per_s_least": 85.2, "fsync_per_s_most": 11757.0})
    text = " ".join(printed(a_report(a_record(), host=host)).split())
    assert "ext4, 812 fdatasync/s (85 to 11,757); PostgreSQL" in text


def test_what_a_quota_leaves_of_the_processors_is_said():
    host = a_host(cpu={"model": "Intel(R) N100", "logical_cpus": 4, "usable_cpus": 2})
    text = " ".join(printed(a_report(a_record(), host=host)).split())
    assert "Intel(R) N100, 2 of 4 CPUs, " in text


def test_a_host_of_which_nothing_is_known_is_described_all_the_same():
    blind = replace(a_host(), facts={"cpu": {"model": Unreadable(unreadable="no file")}})
    text = " ".join(printed(a_report(a_record(), host=blind)).split())
    assert "bench-1: unknown model, unknown logical_cpus CPUs, unknown RAM" in text


def test_a_report_without_ladders_still_says_why():
    empty = LadderReport(run=RUN, host=None, complete=False, notes=("nothing was recorded",), ladders=())
    assert printed(empty) == "Note: nothing was recorded\n"


# --- escape codes ----------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def shown(monkeypatch, stream):
    monkeypatch.setattr("sys.stdout", stream)
    show_ladders(console(), a_report(a_record(1, "1", **void()), a_record(2, validity=doubtful("suspect", "steal"))))
    return stream.getvalue()


def test_a_terminal_gets_styles(monkeypatch):
    assert "\x1b[" in shown(monkeypatch, Terminal())


def test_no_color_leaves_no_escape_code_on_a_terminal(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in shown(monkeypatch, Terminal())


def test_a_file_or_pipe_gets_no_escape_code(monkeypatch):
    assert "\x1b" not in shown(monkeypatch, io.StringIO())


def test_a_wide_terminal_gets_80_columns_all_the_same(monkeypatch):
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr("sys.stdout", Terminal())
    assert console().width == 80


# --- progress --------------------------------------------------------------------------------------------------------


def test_without_a_terminal_progress_is_a_plain_line_a_trial():
    out = Console(file=io.StringIO(), width=100, highlight=False)
    progress = RunProgress(out, trial_s=4)
    progress.begins(a_trial(1, "1"), 1, 2)
    progress.ended(a_record(1, "1", rows_per_s=70))
    progress.begins(a_trial(2), 2, 2)
    progress.ended(a_record(2, **void("server-trouble", "it went away")))
    progress.close()
    lines = [" ".join(line.split()) for line in out.file.getvalue().splitlines() if line]
    assert lines == [
        "1 1 stock plain tcp 70 rows/s valid",
        "2 2-C stock plain tcp – rows/s void: it went away",
    ]


def test_control_characters_of_foreign_files_never_reach_the_terminal(capsys):
    evil = a_host(cpu={"model": "\x1b]0;owned\x07\x1b[2J\x9b31mEVIL\x7f\r", "logical_cpus": 4})
    console().print("plain\ttext\nand \x1b[31ma line")
    show_ladders(console(), a_report(a_record(), host=evil))
    shown = capsys.readouterr().out
    assert re.findall(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", shown) == []
    assert "]0;owned[2J31mEVIL, 4 CPUs" in " ".join(shown.split())
    assert "and [31ma line" in shown


def test_a_progress_bar_may_still_move_the_cursor(monkeypatch, capsys):
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = PatientConsole(force_terminal=True, color_system="standard")
    out.control(Control.home())
    out.print(Text("red", style="red"))
    assert "\x1b[H" in (shown := capsys.readouterr().out)
    assert "\x1b[31mred" in shown


# --- limits ----------------------------------------------------------------------------------------------------------


def test_what_each_rung_is_stopped_by_stands_below_its_table_as_a_suspicion():
    connecting = ClientTime(prepare_s=0.0, connect_s=1.4, pool_wait_s=0.0, insert_s=0.6, release_s=0.0)
    idle = Cpu(host_pct=30, steal_pct=0, client_cores=0.1, server_cores=0.2)
    flushing = a_record(2, "2-C", cpu=idle, counters={"wal_sync_time": 1480.0})
    text = printed(a_report(a_record(1, "1", client_time=connecting, cpu=idle), flushing, a_record(3, "2-D", cpu=idle)))
    below = "Stopped by, suspected and not proved: connecting 1; WAL flush 2-C; unexplained 2-D."
    assert below in " ".join(text.split())
    assert text.index("rows/s") < text.index("Stopped by")


def test_a_limit_is_named_once_and_its_shares_stand_in_the_detail():
    idle = Cpu(host_pct=30, steal_pct=0, client_cores=0.1, server_cores=0.2)
    flushing = [
        a_record(n, phase, cpu=idle, counters={"wal_sync_time": 1480.0}) for n, phase in ((1, "2-C"), (2, "2-D"))
    ]
    assert "not proved: WAL flush 2-C, 2-D." in " ".join(printed(a_report(*flushing)).split())
    detail = " ".join(printed(a_report(*flushing), detail=True).split())
    assert "not proved: 2-C WAL flush 74%; 2-D WAL flush 74%." in detail
