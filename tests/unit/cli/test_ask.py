"""Whatever is measured here is answered and written as a page, whose address is printed."""

import json
from pathlib import Path

import pytest

from bench.cli.main import main
from bench.questions import load_question
from bench.targets.target import Results
from tests.builders import again, compared_run, written

QUIET = [100.0, 103, 98, 101, 99, 102]
FASTER = compared_run({"stock": QUIET, "fast": [2 * rate for rate in QUIET[::-1]]})
EQUAL = again(compared_run({"stock": QUIET, "stock-again": QUIET[::-1]}))
PAGE = Path("out/report.html")


@pytest.fixture
def ask(tmp_path, monkeypatch, capsys):
    """Ask a question, for which such a run is measured here; give the exit code and what was printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")

    def asked(run, *words):
        place = written(Path("out"), run)
        measured = Results(directories=(place,), hosts={"bench-1": place})
        monkeypatch.setattr("bench.targets.watched.Here.measure", lambda *_: measured)
        with pytest.raises(SystemExit) as end:
            main(list(words))
        told = capsys.readouterr()
        return end.value.code, told.out, told.err

    return asked


@pytest.mark.parametrize(
    ("run", "words", "title"),
    [
        (FASTER, ("run", "--phases", "2-C"), "Which configuration is faster on bench-1?"),
        (FASTER, ("compare", "--variants", "stock fast"), "Which configuration is faster on bench-1?"),
        (EQUAL, ("noise", "--phases", "2-C"), "How much do equal runs differ on bench-1?"),
    ],
)
def test_what_is_measured_here_has_a_page_that_begins_with_its_question(ask, run, words, title):
    code, out, err = ask(run, *words)
    assert (code, err) == (0, "")
    assert out.count("Page: ") == 1
    assert f"\nPage: {PAGE}\n" in out
    assert f"<title>{title}</title>" in PAGE.read_text()


def test_beside_what_programs_read_the_page_is_told_on_standard_error(ask):
    code, out, err = ask(FASTER, "compare", "--variants", "stock fast", "--json")
    assert (code, json.loads(out)["schema"]) == (0, "pgladder/comparison/3")
    assert err.endswith(f"Page: {PAGE}\n")


def test_the_page_is_there_also_where_there_is_no_answer(ask):
    code, out, err = ask(FASTER, "explain", "--phases", "2-C")
    assert (code, out) == (2, f"\nPage: {PAGE}\n")
    assert "has no experiments" in err
    assert PAGE.is_file()


@pytest.mark.parametrize(
    ("name", "has_page"),
    [
        *((name, True) for name in ("ladder", "compare", "noise", "explain", "sweep", "slo", "compare-hosts")),
        *((name, False) for name in ("reproduce", "durability", "share", "collection", "report")),
    ],
)
def test_which_questions_have_a_page_when_they_are_measured(name, has_page):
    assert load_question(name).has_page == has_page
