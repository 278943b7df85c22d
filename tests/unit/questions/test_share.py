"""``pgladder share``: what it writes, prints and refuses."""

import json
import re
import sys

import pytest
from jsonschema import Draft202012Validator

from bench import schemas
from bench.cli.main import main
from bench.model.shared import MOST_BYTES
from tests.builders import a_record, pulled, written
from tests.kept import KEPT
from tests.readme import CHECKOUT


@pytest.fixture
def run(tmp_path):
    return written(tmp_path / "kims-nuc", pulled(a_record(1, "2-G", rows=350_000), a_record(2, "2-D")))


def pgladder(capsys, *words):
    with pytest.raises(SystemExit) as end:
        main(list(map(str, words)))
    told = capsys.readouterr()
    return end.value.code, told.out, told.err


def test_a_run_is_shared_as_a_file_of_the_published_format_and_a_card(run, capsys):
    code, out, _ = pgladder(capsys, "share", run)
    assert code == 0
    assert "140,000 rows/s kept up" in " ".join(out.split())
    first, *_, last = out.splitlines()
    assert first.startswith("File: ")
    assert last.startswith("Trust: ")
    text = (run / "share.json").read_bytes()
    assert len(text) <= MOST_BYTES
    schema = json.loads((schemas.DIRECTORY / "share-1.json").read_text())
    Draft202012Validator(schema).validate(json.loads(text))
    assert (run / "share.svg").read_bytes().startswith(b"<?xml")
    assert (run / "share.png").read_bytes().startswith(b"\x89PNG")


def test_the_run_is_as_sound_afterwards_as_before(run, capsys):
    pgladder(capsys, "share", run)
    assert pgladder(capsys, "ladder", run)[::2] == (0, "")


def test_programs_are_told_what_was_written(run, capsys):
    code, out, _ = pgladder(capsys, "share", run, "--json", "--out", run.parent / "mine.json")
    told = json.loads(out)
    assert code == 0
    assert told["file"] == str(run.parent / "mine.json")
    assert told["shared"]["schema"] == "pgladder/share/1"
    assert [path.name for path in sorted(run.parent.glob("mine.*"))] == ["mine.json", "mine.png", "mine.svg"]


def test_what_only_the_owner_knows_goes_with_it(run, capsys):
    pgladder(capsys, "share", run, "--price", "149", "--currency", "EUR", "--watts", "12.5")
    box = json.loads((run / "share.json").read_text())["box"]
    assert (box["price"], box["currency"], box["watts"]) == (149.0, "EUR", 12.5)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--price", "149"), "--price and --currency belong together"),
        (("--currency", "euro", "--price", "9"), "no code of a currency"),
        (("--watts", "-3"), "not a number above 0"),
        (("--out", "/nowhere/mine.json"), "can't be written"),
    ],
)
def test_what_can_not_be_is_refused_and_nothing_is_written(run, capsys, words, sentence):
    code, _, err = pgladder(capsys, "share", run, *words)
    assert code == 2
    assert sentence in err
    assert not list(run.glob("share.*"))


def test_without_the_library_no_png_is_drawn_and_that_is_said(run, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    code, out, _ = pgladder(capsys, "share", run)
    assert code == 0
    assert "No PNG is drawn" in out
    assert not (run / "share.png").exists()


def test_a_run_of_a_users_own_pieces_alone_is_refused(capsys, tmp_path):
    code, _, err = pgladder(capsys, "share", KEPT / "rules", "--out", tmp_path / "x.json")
    assert code == 2
    assert "no rung of pgladder's own pieces alone" in err


def test_a_kept_run_is_shared(capsys, tmp_path):
    code, out, _ = pgladder(capsys, "share", KEPT / "formulas", "--out", tmp_path / "x.json")
    assert code == 0
    # docs/sharing.md shows what comes out, but for where the files are, which comes first.
    [shown] = re.findall(r"^```text\n(.*?)^```$", (CHECKOUT / "docs/sharing.md").read_text(), re.MULTILINE | re.DOTALL)
    assert " ".join(out.split()).endswith(" ".join(shown.split()))
