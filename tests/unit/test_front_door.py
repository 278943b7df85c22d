"""The front door stays open: a file of a user's that can't be taken closes no verb and no other question."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.cli.main import main
from bench.model.errors import DataError, UsageError
from bench.questions import load_question, look_up
from bench.targets.target import Results, check_results
from tests.builders import compared_run, written

CHECKOUT = Path(__file__).parents[2]
FAB = Path(sys.executable).parent / "fab"
TOY = '''"""Is it a toy?"""
from bench.plan.options import ANSWER, Option
from bench.questions.question import HERE, Question
QUESTION = Question(answer=print, measured=(HERE,), directories="[DIR]", options=({options}))
'''


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of the user's with room for questions."""
    place = tmp_path / "mine"
    place.mkdir(mode=0o755)
    for seam in ("questions", "targets"):
        (place / seam).mkdir(mode=0o755)
    monkeypatch.setenv("PGLADDER_PATH", str(place))
    return place


def put(path, text):
    path.write_text(text)
    path.chmod(0o644)


def fab(*words, **environment):
    return subprocess.run(
        [FAB, *words], cwd=CHECKOUT, env=os.environ | environment, capture_output=True, text=True, check=False
    )


def pgladder(capsys, *words):
    with pytest.raises(SystemExit) as end:
        main(words)
    told = capsys.readouterr()
    return end.value.code, told.out, told.err


# --- files that can't be taken ---------------------------------------------------------------------------------------

BAD = {
    "toy.py": "QUESTION = 1",
    "launch.py": TOY.format(options=""),
    "bad name.py": TOY.format(options=""),
    ".#toy.py": "",
    "compare-hosts.py": TOY.format(options=""),
}


@pytest.fixture
def bad(folder):
    for name, text in BAD.items():
        put(folder / "questions" / name, text)
    (folder / "questions" / "gone.py").symlink_to("nowhere")
    return folder


@pytest.mark.parametrize("environment", [{}, {"PGLADDER_PATH": "/nowhere"}])
@pytest.mark.usefixtures("bad")
def test_no_verb_looks_at_questions(environment):
    ended = fab("--dry", "launch", "--limit=n1", "follow", "status", "pull", "cancel", **environment)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_version_is_told_whatever_folder_is_named(monkeypatch, capsys):
    monkeypatch.setenv("PGLADDER_PATH", "/nowhere")
    assert pgladder(capsys, "--version")[0] == 0


def test_a_question_that_can_not_be_taken_is_listed_as_refused_and_stops_no_other(bad, capsys):
    code, help_, _ = pgladder(capsys, "--help")
    assert code == 0
    listed = fab("--list")
    assert listed.returncode == 0
    for name, why in {"toy": "does not begin with", "compare-hosts": "has the name of another"}.items():
        for text in (help_, listed.stdout):
            words = "".join(text.lower().split())
            assert "".join(f"refused: {bad}/questions/{name}.py {why}".lower().split()) in words
        code, _, told = pgladder(capsys, name, "--help")
        assert code == 2
        assert f"{bad}/questions/{name}.py" in told
        ended = fab("--dry", name)
        assert (ended.returncode, f"{bad}/questions/{name}.py" in ended.stderr) == (2, True)
    assert pgladder(capsys, "ladder", "--help")[0] == 0
    assert fab("--dry", "ladder", "--limit=n1").returncode == 0


def test_a_run_that_has_the_name_of_a_broken_question_is_a_run(folder, capsys):
    put(folder / "questions" / "toy.py", '"""Is it a toy?"""\n1 / 0')
    code, _, told = pgladder(capsys, "report", "toy")
    assert (code, told) == (2, "pgladder: toy holds no run: neither it nor a directory in it has a plan.json.\n")


@pytest.mark.parametrize("name", ["run", "box", "launch"])
def test_a_file_with_the_name_of_a_command_does_not_take_its_place(folder, capsys, name):
    put(folder / "questions" / f"{name}.py", TOY.format(options=""))
    code, told, _ = pgladder(capsys, "--help")
    assert (code, "hasthenameofacommand" in "".join(told.split())) == (0, True)
    if name != "launch":
        assert pgladder(capsys, name, "--help")[0] == 0


@pytest.mark.parametrize("name", ["compare_hosts.py", "compare-hosts.py"])
def test_no_file_of_a_users_takes_the_place_of_a_question_of_pgladders(folder, name):
    put(folder / "questions" / name, TOY.format(options=""))
    with pytest.raises(UsageError, match=f"{name} has the name of another piece"):
        load_question("compare-hosts")


@pytest.mark.parametrize("name", ["trust", "doctor", "provision", "teardown", "demo", "test", "clean", "lab_up"])
def test_no_question_has_the_name_of_a_goal_of_make(folder, name):
    put(folder / "questions" / f"{name}.py", TOY.format(options=""))
    with pytest.raises(UsageError, match="has the name of a command"):
        load_question(name.replace("_", "-"))
    assert name.replace("_", "-") not in look_up()[0]


# --- options ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ('Option("action", ANSWER, ""),', "there is an option --action already"),
        ('Option("directories", ANSWER, ""),', "there is an option --directories already"),
        ('Option("context", ANSWER, ""),', "there is an option --context already"),
        ('Option("json", ANSWER, ""),', "there is an option --json already"),
        ('Option("out", ANSWER, ""),', "there is an option --out already"),
        ('Option("help", ANSWER, ""),', "there is an option --help already"),
        ('Option("n", ANSWER, ""),', "there is an option --n already"),
        ('Option("depth", ANSWER, ""), Option("depth", ANSWER, ""),', "there is an option --depth already"),
        ('Option("top-n", ANSWER, ""),', "'top-n' can't name an option"),
        ('Option("Depth", ANSWER, ""),', "'Depth' can't name an option"),
        ('Option("lambda", ANSWER, ""),', "'lambda' can't name an option"),
        ('"depth",', "'depth' is no option"),
    ],
)
@pytest.mark.parametrize("measured", [True, False])
def test_an_option_that_would_be_another_is_refused_by_its_file(folder, options, told, measured):
    text = TOY.format(options=options)
    if not measured:
        text = text.replace("measured=(HERE,), ", "")
    put(folder / "questions" / "toy.py", text)
    if "out" in options and not measured:  # as of report: where nothing is measured there is no other
        assert load_question("toy")
        return
    with pytest.raises(DataError, match=rf"questions/toy\.py: {told}"):
        load_question("toy")


# --- fab's words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["compare", "--run", "noise", "--across", "variant"], ""),
        (["compare", "--across=variant", "--run", "pull", "--limit", "n1"], ""),
        (["compare", "--run", "noise", "--acros", "variant"], "unknown option ACROS; did you mean ACROSS?"),
        (["compere"], "Unknown question 'compere'; did you mean compare"),
        (["compare", "--limit", "n1", "compere"], "Unknown question 'compere'; did you mean compare"),
        (["--echo", "laddr"], "Unknown question 'laddr'; did you mean ladder"),
    ],
)
def test_a_value_is_no_task_and_a_task_that_is_none_is_refused(words, told):
    ended = fab("--dry", *words)
    assert told in ended.stderr
    assert ended.returncode == (2 if told else 0), ended.stderr


# --- noise -----------------------------------------------------------------------------------------------------------


def test_a_plan_that_tells_nothing_of_noise_is_refused_before_it_is_measured():
    request = load_question("noise").request({"plan": "plan.json"})
    with pytest.raises(UsageError, match="does not set one variant against itself"):
        request.check_plan(compared_run({"stock": [1.0], "big-wal": [1.0]}).plan)


def test_a_plan_of_one_variant_against_itself_may_be_given_for_noise():
    plan = compared_run({"stock": [1.0], "stock-again": [1.0]}).plan
    stock, other = plan.variants
    plan = replace(plan, variants=(stock, replace(other, sha256=stock.sha256)))
    assert load_question("noise").request({}).check_plan(plan) == plan


# --- targets ---------------------------------------------------------------------------------------------------------

TARGET = """
class Toy:
    def measure(self, request, out):
        from pathlib import Path
        from bench.targets.target import Results
        return {results}
TARGET = Toy()
"""


@pytest.mark.parametrize(
    ("results", "told"),
    [
        ('Path("out")', "return Results of bench.targets.target"),
        ("Results(directories=())", "returned no tuple of directories"),
        ('Results(directories=Path("out"))', "returned no tuple of directories"),
        ('Results(directories=(Path("nowhere"),))', "a directory without a run: nowhere holds no run"),
        ('Results(directories=("nowhere",))', "returned 'nowhere' as a directory: return a Path"),
    ],
)
def test_results_of_a_users_target_that_are_none_are_refused_by_its_file(
    folder, tmp_path, monkeypatch, capsys, results, told
):
    monkeypatch.chdir(tmp_path)
    put(folder / "targets" / "toy.py", TARGET.format(results=results))
    code, out, why = pgladder(capsys, "run", "--on", "toy")
    assert (code, out) == (2, "")
    assert why.startswith("pgladder: targets/toy.py: measure returned ")
    assert told in why


def test_a_plan_that_was_carried_out_again_has_the_run_that_it_repeats(tmp_path):
    place = written(tmp_path / "run", compared_run({"stock": [1.0, 2.0], "big-wal": [1.0, 2.0]}))
    alone = Results(directories=(place,), hosts={"n1": place})
    assert check_results(alone, "targets/toy.py", repeated=False) == alone
    for results in (alone, Results(directories=(place,))):
        with pytest.raises(DataError, match=r"targets/toy\.py: .* name by host its new run and the repeated"):
            check_results(results, "targets/toy.py", repeated=True)
    both = Results(directories=(place,), hosts={"n1": place}, repeated={"n1": place})
    assert check_results(both, "targets/toy.py", repeated=True) == both
