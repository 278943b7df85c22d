"""A command as somebody can type it: of ``pgladder``, fab or make, whichever was called."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from bench.model.parse import switch
from bench.plan.options import OPTIONS

Caller = Literal["pgladder", "fab", "make"]
SECRETS = {"--dsn": "URL", "--power-command": "..."}
"""What stands for them: they may hold a password."""
SWITCHES = {option.name for option in OPTIONS if option.parse is switch}


def caller() -> Caller:
    """Return what was called: make's goals call fab, and make says so to whatever it calls (MAKELEVEL)."""
    if Path(sys.argv[0]).name != "fab":
        return "pgladder"
    return "make" if os.environ.get("MAKELEVEL") else "fab"


def command(question: str, words: Mapping[str, Sequence[str]], called: Caller) -> str:
    """Return the command that puts a question with these options: the values of each by its name."""
    parts = [called, question]
    if called == "pgladder":
        parts[0] = _program()
    for name, values in words.items():
        together = shlex.quote(" ".join(values))
        if called == "make":
            parts.append(f"{name.upper()}={together}")
        elif called == "fab":
            parts.append(f"{_flag(name)}={together}")
        elif name in SWITCHES:
            parts.append(_flag(name))
        else:
            parts += [_flag(name), *map(shlex.quote, values)]
    return " ".join(parts)


def typed_with(switch: str) -> str:
    """Return the command that was typed, with a switch more.

    What may hold a password is not repeated.
    """
    called, words = caller(), list(_without_secrets(sys.argv[1:]))
    if called == "make":
        return shlex.join(["make", *map(_as_word, words), f"{switch.upper()}=1"])
    if called == "fab":
        return shlex.join(["fab", *words, f"{_flag(switch)}=1"])
    return " ".join([_program(), shlex.join([*words, _flag(switch)])])


def _without_secrets(words: Iterable[str]) -> Iterator[str]:
    hidden = None
    for word in words:
        name, is_whole, _ = word.partition("=")
        instead = SECRETS.get(name)
        if hidden is not None:
            yield hidden
            hidden = None
        elif instead is not None and is_whole:
            yield f"{name}={instead}"
        else:
            yield word
            hidden = instead


def _as_word(option: str) -> str:
    """Return an option as make has it: ``--pool-max=4`` is POOL_MAX=4; a goal is itself."""
    if not option.startswith("--"):
        return option
    name, _, value = option.removeprefix("--").partition("=")
    return f"{name.replace('-', '_').upper()}={value}"


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _program() -> str:
    """Return pgladder as it was called: by its name where that finds it, else by the path that was typed."""
    typed = sys.argv[0]
    if Path(typed).name != "pgladder" or shutil.which("pgladder") == typed:
        return "pgladder"
    return shlex.quote(typed)
