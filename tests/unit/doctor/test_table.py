"""What the doctor found, for people: a line a check within 80 columns, and last what follows."""

import io

import pytest
from rich.console import Console

from bench.doctor.checks import Finding, examine
from bench.doctor.table import answer_of, show_findings
from bench.report.exported import print_tables
from tests.unit.doctor.test_checks import box

OK = Finding("disk", "ok", "9000 MB free under /data")
WARNING, FAILURE = Finding("clock", "warning", "9 s behind"), Finding("memory", "failure", "100 MB; 2000 needed")


def test_a_long_finding_runs_over_several_lines_and_the_answer_comes_last() -> None:
    out = Console(file=io.StringIO(), width=80, color_system=None)
    show_findings(out, {"n100": examine(box(governor="powersave", architecture="aarch64"), "abc")})
    lines = out.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["box", "check", "found"]
    assert lines[1].startswith("n100 SSH ")
    assert lines[-1] == "1 thing stops a run: processor; 1 warning: governor."
    words = " ".join(out.file.getvalue().split())  # type: ignore[attr-defined]
    assert "made ready; measure its PostgreSQL from a machine" in words


def test_a_table_for_programs_has_the_box_on_each_line_and_a_head_for_every_column(capsysbinary) -> None:
    print_tables(lambda out: show_findings(out, {"a": [OK, WARNING], "b": [FAILURE]}, each=True), "csv")
    assert capsysbinary.readouterr().out.decode().splitlines() == [
        "box,check,grade,found",
        "a,disk,ok,9000 MB free under /data",
        "a,clock,warning,9 s behind",
        "b,memory,failure,100 MB; 2000 needed",
    ]


@pytest.mark.parametrize(
    ("findings", "sentence"),
    [
        ({"a": [OK]}, "Nothing stops a run."),
        ({"a": [OK, WARNING]}, "Nothing stops a run; 1 warning: clock."),
        ({"a": [OK], "b": [WARNING, WARNING]}, "Nothing stops a run; 2 warnings: b clock, b clock."),
        ({"a": [FAILURE, WARNING], "b": [FAILURE]}, "2 things stop a run: a memory, b memory; 1 warning: a clock."),
    ],
)
def test_it_says_whether_anything_stops_a_run_and_of_what_to_beware(findings, sentence) -> None:
    assert answer_of(findings) == sentence
