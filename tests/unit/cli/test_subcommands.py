"""Commands of a command: what stands before one holds as what stands after it, of every one that there is."""

import argparse
import csv
import json

import pytest

from bench.cli.main import Commands, _parser, main

ONE_OF_EACH = {"name": "stock", "a": "stock", "b": "async-commit"}
"""For arguments that are no options."""


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    [commands] = [action for action in parser._actions if isinstance(action, Commands)]
    return commands.choices


def shared() -> list[tuple[str, str, str]]:
    """Return each option that a command and one of its own commands have, with these two."""
    found = []
    for name in commands_of(_parser([])):
        command = commands_of(_parser([name]))[name]
        if not any(isinstance(action, Commands) for action in command._actions):
            continue
        theirs = set(command._option_string_actions) - {"-h", "--help"}
        for second, each in commands_of(command).items():
            found += [(name, second, option) for option in sorted(theirs & set(each._option_string_actions))]
    return found


def test_there_are_some():
    assert {("variants", "show", "--format"), ("variants", "diff", "--json")} <= set(shared())


@pytest.mark.parametrize(("name", "second", "option"), shared())
def test_an_option_holds_before_a_command_as_after_it(name, second, option):
    parser = _parser([name])
    of_second = commands_of(commands_of(parser)[name])[second]
    action = of_second._option_string_actions[option]
    given = [option] if action.nargs == 0 else [option, "csv" if option == "--format" else "7"]
    arguments = [ONE_OF_EACH[each.dest] for each in of_second._actions if not each.option_strings]
    before, after, without = (
        getattr(parser.parse_args(words), action.dest)
        for words in (
            [name, *given, second, *arguments],
            [name, second, *arguments, *given],
            [name, second, *arguments],
        )
    )
    assert before == after != without


def test_tables_of_one_variant_and_of_two_are_in_the_format_that_was_asked_for_before(capsys):
    for words in (["show", "async-commit"], ["diff", "stock", "async-commit"]):
        with pytest.raises(SystemExit, match="0"):
            main(["variants", "--format", "csv", *words, "--hardware", "ram_mb=16384,cores=4,disk=nvme,disk_gb=500"])
        rows = list(csv.reader(capsys.readouterr().out.splitlines()))
        assert any("synchronous_commit" in row for row in rows)
    with pytest.raises(SystemExit, match="0"):
        main(["variants", "--json", "show", "async-commit", "--hardware", "ram_mb=4096,cores=4,disk=nvme,disk_gb=500"])
    assert json.loads(capsys.readouterr().out)["settings"]


def test_of_two_that_exclude_each_other_one_may_not_stand_before_and_one_after(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["variants", "--json", "show", "stock", "--format", "csv"])
    assert "argument --format: not allowed with argument --json" in capsys.readouterr().err
