"""The README's commands: a test takes them from there, word for word, so that none can be wrong or go untested."""

import ast
import re
import shlex
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
"""A fence without a language holds commands; tables and other output are ```text."""


def commands() -> list[str]:
    """Return each command line of the README, its comment left out."""
    text = (CHECKOUT / "README.md").read_text()
    return without_comments("\n".join(shown for language, shown in BLOCK.findall(text) if not language))


def without_comments(block: str) -> list[str]:
    """Return the command lines of a block, their comments left out."""
    return [bare for line in block.splitlines() if (bare := re.sub(r"\s+#.*", "", line).strip())]


def readme(command: str, meaning: Mapping[str, str] | None = None) -> list[str]:
    """Return the words of a command that the README shows, what it stands for put in its place."""
    assert command in commands(), f"the README has no {command!r}; it has {commands()}"
    for word, real in (meaning or {}).items():
        assert word in command
        command = command.replace(word, real)
    return shlex.split(command)


def run_by_tests() -> set[str]:
    """Return the commands that tests take from the README: the first argument of every call of ``readme``.

    What is slow is left out: ``make test`` does not run it.
    """
    tests = (
        function
        for path in (CHECKOUT / "tests").rglob("test_*.py")
        for function in ast.parse(path.read_text()).body
        if isinstance(function, ast.FunctionDef) and "pytest.mark.slow" not in map(ast.unparse, function.decorator_list)
    )
    calls = (node for test in tests for node in ast.walk(test) if isinstance(node, ast.Call))
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id == "readme" and isinstance(call.args[0], ast.Constant)
    }
