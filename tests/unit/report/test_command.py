"""A command as it was called: pgladder, fab or make, each with its own way to write an option."""

import shlex
import sys

import pytest

from bench.report.command import caller, command

WORDS = {"variants": ["stock", "async-commit"], "warm_up": ["0.5"], "until_decided": ["1"], "max_blocks": ["30"]}


@pytest.mark.parametrize(
    ("called", "text"),
    [
        ("make", "make compare VARIANTS='stock async-commit' WARM_UP=0.5 UNTIL_DECIDED=1 MAX_BLOCKS=30"),
        ("fab", "fab compare --variants='stock async-commit' --warm-up=0.5 --until-decided=1 --max-blocks=30"),
        ("pgladder", "pgladder compare --variants stock async-commit --warm-up 0.5 --until-decided --max-blocks 30"),
    ],
)
def test_options_are_written_as_each_takes_them(called, text):
    assert command("compare", WORDS, called) == text


@pytest.mark.parametrize("called", ["make", "fab", "pgladder"])
def test_what_a_shell_would_carry_out_is_text(called):
    words = shlex.split(command("compare", {"data_dir": ["/tmp/$(id) x"]}, called))
    assert words[-1].removeprefix("DATA_DIR=").removeprefix("--data-dir=") == "/tmp/$(id) x"


def test_make_is_known_by_what_it_says_to_those_it_calls(monkeypatch):
    monkeypatch.delenv("MAKELEVEL", raising=False)
    monkeypatch.setattr(sys, "argv", ["fab", "compare"])
    assert caller() == "fab"
    monkeypatch.setenv("MAKELEVEL", "1")
    assert caller() == "make"


def test_a_path_that_was_typed_is_typed_again(monkeypatch):
    monkeypatch.delenv("MAKELEVEL", raising=False)
    monkeypatch.setattr(sys, "argv", [".venv/bin/pgladder", "compare"])
    assert caller() == "pgladder"
    assert command("compare", {}, "pgladder") == ".venv/bin/pgladder compare"
