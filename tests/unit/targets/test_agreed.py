"""Before a run that takes long or writes much somebody is asked, once for all boxes; where nobody is, it is refused."""

import io
import shlex
import sys

import pytest
from rich.console import Console

from bench.model.errors import UsageError
from bench.plan.estimate import MUCH_BYTES, MUCH_S, Estimate
from bench.targets.agreed import check_agreed


def an_estimate(seconds=60.0, written_bytes=1_000_000):
    return Estimate(seconds=seconds, written_bytes=written_bytes, disk_bytes_under={})


LONG, LARGE = an_estimate(seconds=4 * MUCH_S), an_estimate(written_bytes=3 * MUCH_BYTES)


@pytest.fixture
def out():
    return Console(file=io.StringIO(), width=200, force_terminal=True)


@pytest.fixture(autouse=True)
def typed(monkeypatch):
    """What is typed at the terminal; nothing: there is none."""

    def type_in(line, *, terminal=True):
        stdin = io.StringIO(line)
        stdin.isatty = lambda: terminal
        monkeypatch.setattr(sys, "stdin", stdin)

    monkeypatch.setattr(sys, "argv", ["pgladder", "run", "--profile", "thorough"])
    type_in("", terminal=False)
    return type_in


def test_of_less_nobody_is_asked(out):
    check_agreed({"": an_estimate(seconds=MUCH_S, written_bytes=MUCH_BYTES)}, out, agreed=False)
    check_agreed({}, out, agreed=False)
    assert out.file.getvalue() == ""


@pytest.mark.parametrize("much", [LONG, LARGE])
def test_who_says_yes_beforehand_is_not_asked(out, much):
    check_agreed({"": much}, out, agreed=True)
    assert out.file.getvalue() == ""


@pytest.mark.parametrize("much", [LONG, LARGE])
def test_where_nobody_can_answer_it_is_refused_with_the_command_that_would_do(out, much):
    with pytest.raises(UsageError, match=r"nobody is there to agree.* pgladder run --profile thorough --yes$"):
        check_agreed({"": much}, out, agreed=False)


def test_it_is_refused_too_where_the_question_could_not_be_seen(typed):
    typed("yes\n")
    with pytest.raises(UsageError, match="nobody is there to agree"):
        check_agreed({"": LONG}, Console(file=io.StringIO()), agreed=False)


def test_who_types_yes_was_told_what_it_takes(out, typed):
    typed("yes\n")
    check_agreed({"": LONG}, out, agreed=False)
    assert "This run takes up to 4 h 0 min and writes up to 1 MB." in out.file.getvalue()


@pytest.mark.parametrize("answer", ["", "\n", "no\n", "y\n"])
def test_anything_but_yes_begins_nothing(out, typed, answer):
    typed(answer)
    with pytest.raises(UsageError, match=r"Nothing was begun: nobody said yes\..*--yes"):
        check_agreed({"": LONG}, out, agreed=False)


def test_of_several_boxes_each_is_told_and_one_question_put(out, typed):
    typed("yes\n")
    check_agreed({"desk": an_estimate(), "shelf": LARGE}, out, agreed=False)
    said = out.file.getvalue()
    assert "desk: up to 60 s and writes up to 1 MB." in said
    assert "shelf: up to 60 s and writes up to 3000.0 GB." in said
    assert "This run takes up to 60 s and writes up to 3000.0 GB on a box." in said
    assert said.count("Type yes") == 1


def test_boxes_that_take_turns_take_as_long_as_all_together(out, typed):
    typed("yes\n")
    check_agreed({"a": LONG, "b": LONG}, out, agreed=False, one_at_a_time=True)
    assert "up to 8 h 0 min" in out.file.getvalue()


@pytest.mark.parametrize(
    ("typed_words", "made", "offered"),
    [
        (["fab", "ladder", "--limit=lab", "--pool-max=3"], "1", "make ladder LIMIT=lab POOL_MAX=3 YES=1"),
        (["fab", "ladder", "--limit", "lab"], "", "fab ladder --limit lab --yes=1"),
        (["pgladder", "run", "--dsn", "postgresql://me:secret@db"], "", "pgladder run --dsn URL --yes"),
        (["pgladder", "run", "--dsn=postgresql://me:secret@db"], "", "pgladder run --dsn=URL --yes"),
        (
            ["fab", "durability", "--power-command=off secret", "--host=n1"],
            "1",
            "make durability POWER_COMMAND=... HOST=n1 YES=1",
        ),
        (
            ["fab", "durability", "--power-command", "off secret", "--cuts=1"],
            "",
            "fab durability --power-command ... --cuts=1 --yes=1",
        ),
        (["fab", "compare", "--variants=stock async commit"], "1", "make compare 'VARIANTS=stock async commit' YES=1"),
    ],
)
def test_the_command_is_offered_as_it_was_typed_without_a_password(out, monkeypatch, typed_words, made, offered):
    monkeypatch.setattr(sys, "argv", typed_words)
    monkeypatch.setenv("MAKELEVEL", made)
    with pytest.raises(UsageError) as refused:
        check_agreed({"": LONG}, out, agreed=False)
    assert str(refused.value).endswith(offered)
    assert "secret" not in str(refused.value)
    assert shlex.split(offered)
