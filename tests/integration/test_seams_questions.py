"""One file in a folder of the user's own adds a question or a target: asked by ``pgladder``, fab and make, measured."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.store.run_directory import RunDirectory
from tests.integration.support import Ended, added_folder, pgladder

CHECKOUT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
TOY_QUESTION = '''"""Which blocks were the fastest?

A toy.
"""

from pathlib import Path

from bench.model.parse import number
from bench.plan.options import ANSWER, Option
from bench.questions.question import BOXES, HERE, Answer, Question, runs_in


def answer(results, given):
    records = [record for run in runs_in(results) for record in run.records()]
    records.sort(key=lambda record: -record.rows)
    fastest = [record.trial.block for record in records[: given.get("depth", 1)]]
    notes = []
    if page := given.get("page"):
        page.write_text(f"<p>Fastest: {fastest}</p>")
        notes.append(f"Page: {page}")

    def show(out):
        out.print(f"Fastest: {fastest}")

    sound = all(record.validity.state != "void" for record in records)
    return Answer(data={"fastest": fastest}, show=show, sound=sound, notes=notes)


QUESTION = Question(
    answer=answer,
    options=(
        Option("depth", ANSWER, "how many blocks are named; default: 1", number(int)),
        Option("page", ANSWER, "write a page as well", Path, "FILE"),
    ),
    directories="[DIR]",
    measured=(HERE, BOXES),
    usual={"phases": ["2-C"], "blocks": 2},
)
'''
TOY_TARGET = '''"""A toy: this machine, in a corner of its own."""

from dataclasses import replace
from pathlib import Path

from bench.targets.watched import Here


class Corner:
    def measure(self, request, out):
        out.print("In the corner.")
        corner = Path("corner").resolve()
        return Here().measure(replace(request, given={"data_dir": corner, **request.given}), out)


TARGET = Corner()
'''
BRIEF = ("--warm-up", 0.2, "--window", 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return added_folder(
        tmp_path_factory.mktemp("added"), {"questions/toy_fastest.py": TOY_QUESTION, "targets/corner.py": TOY_TARGET}
    )


@pytest.fixture(scope="module")
def added(folder) -> dict[str, str]:
    return {"PGLADDER_PATH": str(folder)}


@pytest.fixture(scope="module")
def place(new_place) -> Path:
    return new_place()


@pytest.fixture(scope="module")
def measured(place, added) -> Ended:
    """The toy question, measured on the toy target."""
    return pgladder(
        "toy-fastest", "--depth", 2, "--on", "corner", "--out", "out", "--json", *BRIEF, cwd=place, env=added
    )


def test_a_toy_question_is_measured_on_a_toy_target_and_answered(measured):
    assert measured.code == 0, measured.err
    assert sorted(json.loads(measured.out)["fastest"]) == [1, 2]
    assert measured.err.startswith("In the corner.\n")


def test_the_record_carries_the_hash_of_the_targets_file(measured, place, folder):
    assert measured.code == 0, measured.err
    run = RunDirectory(place / "out")
    pieces = {"targets/corner.py": hashlib.sha256((folder / "targets/corner.py").read_bytes()).hexdigest()}
    assert run.plan().pieces == pieces
    assert [record.pieces for record in run.records()] == [pieces, pieces]


def test_a_plan_brings_no_target_with_it(measured, place, added):
    assert measured.code == 0, measured.err
    for env in (added, {}):
        ended = pgladder("run", "--plan", "out/plan.json", "--data-dir", place / "data", cwd=place, env=env)
        assert ended.code == 2
        assert "is carried out by targets/corner.py, as its file was then: say so by --on" in ended.err
    ended = pgladder("run", "--plan", "out/plan.json", "--on", "corner", "--out", "again", cwd=place, env=added)
    assert ended.code == 0, ended.err


def test_a_toy_question_answers_of_a_run_that_is_there_in_words_json_and_a_page(measured, place, added):
    assert measured.code == 0, measured.err
    told = pgladder("toy-fastest", "out", "--depth=2", "--page", "toy.html", cwd=place, env=added)
    assert told.code == 0, told.err
    assert told.out.startswith("Fastest: [")
    assert told.out.endswith("Page: toy.html\n")
    assert (place / "toy.html").read_text() in {"<p>Fastest: [1, 2]</p>", "<p>Fastest: [2, 1]</p>"}
    assert len(json.loads(pgladder("toy-fastest", "out", "--json", cwd=place, env=added).out)["fastest"]) == 1


def called(*command: object, env: dict[str, str]) -> Ended:
    done = subprocess.run(
        list(map(str, command)), cwd=CHECKOUT, env=os.environ | env, capture_output=True, text=True, check=False
    )
    return Ended(done.returncode, done.stdout, done.stderr)


def test_a_toy_question_has_its_options_in_pgladder_fab_and_make(added):
    assert "Which blocks were the fastest?" in called(BIN / "pgladder", "--help", env=added).out
    assert "--depth N" in called(BIN / "pgladder", "toy-fastest", "--help", env=added).out
    assert "toy-fastest" in called(BIN / "fab", "--list", env=added).out
    assert "--depth=STRING" in called(BIN / "fab", "--help", "toy-fastest", env=added).out
    assert "toy-fastest     Which blocks were the fastest?\n" in called("make", "help", env=added).out
    shown = called("make", "-n", "toy-fastest", "DEPTH=3", "LIMIT=lab", env=added)
    assert "pgladder-fab 'toy-fastest' '--depth=3' '--limit=lab'" in shown.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["DEPT=3"], "unknown option DEPT; did you mean DEPTH?"),
        (["DEPTH=deep"], "depth: 'deep' is not a number above 0"),
        (["DEPTH=3", "HOST="], "HOST is empty"),
    ],
)
def test_a_word_that_a_toy_question_does_not_have_or_can_not_read_is_refused_by_make(added, words, told):
    ended = called("make", "-s", "-o", ".venv/ready", f"BIN={BIN}", "toy-fastest", *words, env=added)
    assert (ended.code, ended.out) == (2, "")
    assert told in ended.err


@pytest.mark.parametrize(
    ("target", "told"),
    [("korner", "Unknown target 'korner'; did you mean corner?"), ("../corner", "Unknown target '../corner'")],
)
def test_a_target_that_there_is_not_is_refused(place, added, target, told):
    ended = pgladder("run", "--on", target, cwd=place, env=added)
    assert ended.code == 2
    assert told in ended.err
