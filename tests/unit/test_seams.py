"""What a folder of the user's may hold, and where it counts: never on a box, never what others may change."""

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench import seams
from bench.model.errors import DataError, HostError, UsageError
from bench.plan.pieces import pieces_of
from bench.probes.probe import probe_files
from bench.targets.box_plans import known

PHASE = "from bench.workload.phases.phase_2 import PHASE\n"
PROBE = "from bench.probes.observed.host import PROBE\n"
ASK = """
import json
from bench.model.errors import NothingDoneError
from bench.seams import users
from bench.workload.phase import ladder
try:
    print(json.dumps([[name for name in ladder() if ladder()[name]], ladder().own, users(ladder().files.values())]))
except NothingDoneError as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder of the user's."""
    tmp_path.chmod(0o755)
    for seam in ("phases", "layouts", "probes"):
        (tmp_path / seam).mkdir(mode=0o755)
    monkeypatch.setenv("PGLADDER_PATH", str(tmp_path))
    return tmp_path


def put(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o644)
    return path


def asked(folder: Path) -> list:
    import json

    said = subprocess.check_output(
        [sys.executable, "-c", ASK], env=os.environ | {"PGLADDER_PATH": str(folder)}, text=True
    )
    return json.loads(said)


def test_a_phase_is_of_the_file_that_it_was_loaded_from_whatever_it_is_made_of(folder):
    put(folder / "phases" / "2-toy.py", PHASE)
    names, own, pieces = asked(folder)
    assert "2-toy" in names
    assert "2-toy" not in own
    assert list(pieces) == ["phases/2-toy.py"]


def test_nothing_but_the_text_of_a_file_is_carried_out(folder):
    put(folder / "phases" / "2-toy.py", PHASE)
    assert "2-toy" in asked(folder)[0]
    assert not list(folder.rglob("*.pyc"))


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("toy.py", "PHASE = 1", "defines no PHASE"),
        ("toy.py", "1 / 0", "can't be loaded: ZeroDivisionError"),
        ("2.py", PHASE, "has the name of another piece"),
        ("phase_2b.py", PHASE, "has the name of another piece"),
        ("bad name x.py", PHASE, "a name has letters"),
        ("toy.py", "\udcff", "can't be read"),
    ],
)
def test_a_phase_that_can_not_be_taken_is_refused_by_its_file(folder, file, text, told):
    (folder / "phases" / file).write_bytes(text.encode(errors="surrogateescape"))
    (folder / "phases" / file).chmod(0o644)
    kind, sentence = asked(folder)
    assert kind in ("DataError", "UsageError")
    assert file in sentence
    assert told in sentence


def test_on_a_box_the_folder_is_refused_before_anything_of_it_is_loaded(folder, monkeypatch):
    monkeypatch.setattr(seams, "BOX_FILE", put(folder / "pgladder.toml", ""))
    with pytest.raises(UsageError, match="This is a provisioned box"):
        seams.pieces("phases", folder, "*.py")


def test_a_box_reads_no_probe_of_a_users_and_none_is_asked_to(folder, monkeypatch):
    put(folder / "probes" / "toy.py", PROBE)
    with pytest.raises(UsageError, match=r"probes/toy\.py is of PGLADDER_PATH"):
        seams.refuse_on_boxes(pieces_of([], "postgresql"))
    with pytest.raises(UsageError, match=r"probes/toy\.py is of PGLADDER_PATH"):
        known(SimpleNamespace(phases=["2-C"], drivers=[], layouts=[], engine="postgresql", overrides={}))
    monkeypatch.setattr(seams, "BOX_FILE", put(folder / "pgladder.toml", ""))
    with pytest.raises(UsageError, match="This is a provisioned box"):
        probe_files()


@pytest.mark.parametrize("place", ["", "layouts", "layouts/a.sql"])
def test_what_others_may_change_is_refused(folder, place):
    put(folder / "layouts" / "a.sql", "CREATE TABLE {schema}.events ()")
    (folder / place).chmod(0o777)
    with pytest.raises(HostError, match="may be changed by others"):
        seams.pieces("layouts", Path("nowhere"), "*.sql")


def test_a_piece_has_a_name_of_its_own_that_would_do_as_one(folder):
    put(folder / "layouts" / "plain.sql", "")
    from bench.engines.postgresql.layout import layout_files

    with pytest.raises(UsageError, match="has the name of another piece"):
        layout_files()
    (folder / "layouts" / "plain.sql").rename(folder / "layouts" / "a b.sql")
    with pytest.raises(UsageError, match="a name has letters"):
        layout_files()


def test_a_header_that_says_nothing_is_refused(folder):
    put(folder / "layouts" / "mine.sql", "-- mine\n-- not crash-safe:\nCREATE TABLE {schema}.events ()")
    from bench.engines.postgresql.layout import table_layout

    with pytest.raises(DataError, match="says nothing after 'not crash-safe:'"):
        table_layout("mine")


TAKEN = """
from bench.plan.options import ANSWER, Option
from bench.questions.question import HERE, Question
QUESTION = Question(answer=print, measured=(HERE,), options=(Option("batch", ANSWER, ""),))
"""
QUESTION = '"""Is it a toy?"""\nfrom bench.questions.question import Question\nQUESTION = Question(answer=print)\n'


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("toy.py", '"""A toy."""\nQUESTION = 1', "defines no QUESTION"),
        ("toy.py", '"""A toy."""\n1 / 0', "can't be loaded: ZeroDivisionError"),
        ("toy.py", "QUESTION = 1", "does not begin with a docstring"),
        ("toy.py", f'"""A toy."""{TAKEN}', "there is an option --batch already"),
        ("launch.py", QUESTION, "has the name of a command"),
        ("ladder.py", QUESTION, "has the name of another piece"),
    ],
)
def test_a_question_that_can_not_be_taken_is_refused_by_its_file(folder, name, text, told):
    from bench.questions import load_question

    (folder / "questions").mkdir(mode=0o755)
    put(folder / "questions" / name, text)
    with pytest.raises((DataError, UsageError), match=told) as refused:
        load_question(Path(name).stem)
    assert name in str(refused.value)


def test_questions_are_listed_without_being_loaded(folder):
    from bench.questions import questions, words_of

    (folder / "questions").mkdir(mode=0o755)
    put(folder / "questions" / "is_it_a_toy.py", f"{QUESTION}1 / 0")
    assert words_of(questions()["is-it-a-toy"]) == "Is it a toy?"


def test_a_target_that_measures_nothing_is_refused_by_its_file(folder):
    from bench.targets.target import added_target

    with pytest.raises(UsageError, match="There is no target toy: put its file into targets/"):
        added_target("toy")
    (folder / "targets").mkdir(mode=0o755)
    put(folder / "targets" / "toy.py", "TARGET = 1")
    with pytest.raises(DataError, match=r"toy\.py defines no TARGET that can measure"):
        added_target("toy")


@pytest.mark.parametrize("words", [["ladder", "x"], ["run", "--on", "toy"], ["noise"]])
def test_a_box_takes_no_question_and_no_target_of_a_users(folder, monkeypatch, capsys, words):
    from bench.cli.main import main

    monkeypatch.setattr(seams, "BOX_FILE", put(folder / "pgladder.toml", ""))
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2
    assert "This is a provisioned box" in capsys.readouterr().err


def test_a_box_answers_its_control_machine_whatever_folder_is_named(folder, monkeypatch, capsys):
    from bench.cli.main import main

    monkeypatch.setattr(seams, "BOX_FILE", put(folder / "pgladder.toml", ""))
    with pytest.raises(SystemExit):
        main(["box", "--help"])
    assert "launch" in capsys.readouterr().out


def test_a_file_that_would_end_the_program_is_refused_by_its_name(folder):
    put(folder / "phases" / "leaves.py", "import sys\nsys.exit(0)\n")
    name, sentence = asked(folder)
    assert name == "DataError"
    assert "leaves.py can't be loaded: SystemExit: 0" in sentence


def test_what_an_editor_left_beside_a_piece_is_none(folder):
    put(folder / "phases" / "toy.py", PHASE)
    (folder / "phases" / ".#toy.py").symlink_to("somebody@somewhere.123")
    assert "toy" in asked(folder)[0]
