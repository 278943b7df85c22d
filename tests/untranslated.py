"""What people read and no catalogue has: every file of ``bench`` is looked through, but for the exceptions named here.

A text is looked at where it is printed, refused with, offered as help, written in a template, or stands anywhere else
in a file and reads like prose. An exception is a file, a kind of error or one text, and says why it is English in every
language. ``tests/unit/test_catalogue.py`` asks that there is nothing else, and that no exception is idle.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from jinja2 import nodes

from tests.catalogue import BENCH, MANY, ONE, WORDS, is_heads, messages, strings, template

STORED = "what it writes is stored, and what is stored is English"
A_BOX = "a box answers its control machine, and people there by way of it"
A_VARIANT = "why a variant is refused is stored in its plan"
ENGLISH: Mapping[str, str] = {
    "box/*": A_BOX,
    "cli/box.py": A_BOX,
    "cli/client_boxes.py": A_BOX,
    "probes/system_packages.py": "asked by make before there is an environment",
    "remote/ansible_ssh.py": "stands in for ssh, whose messages Ansible shows",
    "remote/wheelhouse.py": "asked by a play, whose messages Ansible shows",
    "report/card.svg.j2": "the card goes with its file, which is English",
}
"""Files without a word for people in their own language, and why."""
STORING: Mapping[str, str] = {
    "agent/*": STORED,
    "analysis/hardware_names.py": "patterns of names",
    "analysis/judged.py": "names fields of records that contradict themselves",
    "analysis/resealed.py": "names fields of records that contradict their samples",
    "engines/*": "SQL, programs' options and what servers said, which is stored",
    "model/*": "names of fields and facts, which are stored",
    "plan/generator.py": STORED,
    "power/*": "SQL, programs' options and what a cut left, which is stored",
    "probes/*": STORED,
    "report/metrics.py": "what a metric is, for Prometheus",
    "report/page/charts.py": "titles are gathered, and translated when a page is built",
    "stats/*": STORED,
    "tuning/*": "why a setting is what it is: a comment of the configuration in force",
    "validity/*": STORED,
    "workload/*": "SQL, scripts and what broke in a client, which is stored",
}
"""Files whose texts are not messages, and why; what they print and refuse people with is looked at."""
ALL_THE_SAME = ("agent/lock.py", "engines/beside.py", "engines/postgresql/foreign.py", "workload/memory.py")
"""Files of those rooms whose texts are looked at."""
REFUSING: Mapping[str, str] = {
    "analysis/judged.py": "names fields of records that contradict themselves",
    "analysis/resealed.py": "names fields of records that contradict their samples",
    "engines/postgresql/client_boxes.py": A_BOX,
    "engines/postgresql/conf.py": A_VARIANT,
    "engines/postgresql/parameters.py": A_VARIANT,
    "engines/postgresql/units.py": A_VARIANT,
    "model/fingerprint.py": "what is wrong with a field, behind the sentence that a record is none",
    "model/outcome.py": "what is wrong with a line, behind the sentence that a record is none",
    "power/disk.py": "what a system says",
    "probes/*": STORED,
    "stats/*": "refuses what no plan asks for",
    "tuning/*": A_VARIANT,
}
"""Files whose errors are not messages, and why."""
ERRORS: Mapping[str, str] = {
    "AttributeError": "for who writes Python",
    "ClickHouseError": STORED,
    "ClientFailedError": STORED,
    "DriftError": STORED,
    "LayoutError": STORED,
    "OSError": "what a system says",
    "PgbenchError": STORED,
    "ProbeError": STORED,
    "ServerError": STORED,
    "StrayConnectionError": STORED,
    "TypeError": "for who writes Python",
    "UnansweredError": "for who asks the null server",
    "VariantError": A_VARIANT,
}
"""Errors that end a trial, or void it, and whose sentences are its record's; or are Python's own."""
TEXTS: Mapping[str, tuple[str, frozenset[str]]] = {
    file: (reason, frozenset(texts))
    for file, reason, *texts in (
        ("analysis/durability.py", "grades", r"may lose last (\d+) ms", "not crash-safe", "in memory"),
        ("analysis/host_notes.py", "of a fact", "not applicable: shared"),
        ("analysis/notes.py", "of a server's own words", ", compiled by "),
        ("analysis/promises.py", "a grade", "may lose last "),
        (
            "analysis/published.py",
            "names of machine and conclusion",
            "Intel N100, 4 cores, 16 GB, NVMe, PostgreSQL 15, Python 3.11",
            "not reproduced",
        ),
        ("analysis/share.py", "a pattern", r"PostgreSQL (\d{2})(?!\d)"),
        (
            "cli/main.py",
            "what argparse says, to be known again",
            "unrecognized arguments: ",
            "unrecognized arguments: (?P<words>.*)",
            "the following arguments are required: (?P<words>.*)",
            "argument (?P<name>[^:]*): (?P<why>.*)",
            "expected one argument",
            "expected at least one argument",
            "not allowed with argument (?P<name>.*)",
            ": not allowed with argument ",
            r"invalid choice: (?P<word>.*) \(choose from (?P<known>.*)\)",
        ),
        ("cli/variants.py", "where a box's answer is from", ": pgladder box"),
        ("doctor/checks.py", "a command, and what a box says", "make provision", "not measured: "),
        ("doctor/table.py", "a style", "bold red"),
        ("engines/null/server.py", "to who started it", "ready"),
        ("engines/postgresql/admitted.py", "no plan asks for it", "Nobody reads by ", " on a standby on another box."),
        ("engines/postgresql/session.py", STORED, "the server did not answer within "),
        (
            "engines/postgresql/standby.py",
            STORED,
            "no standby can follow with wal_level = ",
            " and max_replication_slots = ",
        ),
        ("plan/check.py", "a kind of name, which is gathered", "load model"),
        (
            "plan/options.py",
            "groups of options, which are gathered",
            "what to measure (several names: separated by spaces or commas)",
            "how long",
            "how to write",
            "the answer",
        ),
        (
            "questions/durability.py",
            "names of variants",
            "stock async-commit no-fsync no-full-page-writes",
            "stock async-commit no-fsync",
        ),
        ("questions/question.py", "help, which is gathered", "a run, or a directory of hosts' runs"),
        (
            "remote/complaints.py",
            "what ssh says, and commands",
            r"host key is known for (\S+) and you have requested",
            r"[Hh]ost key for (\S+) has changed",
            r"host key for (\S+) (?:is marked as|was) revoked",
            "^pgladder: (.*)",
            r"connect to host (\S+) port \d+: ",
            r"^(\S+@\S+): Permission denied",
            "make trust",
            "make trust HOST=",
        ),
        ("remote/connection.py", "what ssh asks, and a command", "Enter (passphrase|PIN) for ", "exec cat"),
        ("remote/hostkey.py", "what ssh says", "no matching host key type found", "timed out"),
        (
            "remote/link.py",
            "what ssh says, and a command",
            "Session open refused by peer",
            "env LC_ALL=C.UTF-8 LANGUAGE=C",
        ),
        ("remote/pull.py", "a command", "exec nice -n 19 "),
        ("remote/steps.py", "what argparse says there", "unrecognized arguments|invalid choice"),
        (
            "report/metrics.py",
            "what a metric is, for Prometheus",
            "Records of trials by state, repetitions among them.",
            " Of the last trial.",
        ),
        ("report/page/view.py", "a head, which is gathered", "stopped by, suspected"),
        (
            "report/share.py",
            "of the card, which goes with its file",
            "kept up, checkpoint included",
            "in bursts, no checkpoint timed",
            "no rung has a trial that counts",
            "a server that was brought",
        ),
        ("results/consistency.py", "grades", "not crash-safe", "may lose last"),
        ("targets/box_power.py", "how libpq names a socket", ".s.PGSQL."),
        ("targets/boxes.py", "where a box's answer is from", ": pgladder box"),
        ("targets/follow.py", "where a record is from", ": trials.jsonl at byte "),
        ("targets/watched.py", "a type", "tuple[BoxNoise | None, list[str]]"),
        ("workload/client.py", STORED, "no window came within "),
    )
}
"""By file why, and which of its texts are for programs alone, or name a thing."""

PROSE = re.compile(r"[A-Za-z]{2,}[,;:.]? [A-Za-z{(]|[A-Za-z]{3,}\.$")
"""Two words of a sentence, or the end of one."""
WORD = re.compile(r"(?<![\w/.-])(?!pgladder\b)[A-Za-z]{3,}(?![\w/.-])")
NAMES = {"style", "header_style", "justify", "overflow", "default", "left", "wraps", "directories_help"}
"""Arguments that hold a name, and one that is gathered from the questions."""
SHOWN = {"description", "epilog", "help", "title"}
"""Arguments that are shown by ``--help``."""
PRINTS = {"Text", "add_column", "add_row", "exit", "print", "report", "write"}
STREAMS = {"sys.stderr", "sys.stdout"}


def untranslated(bench: Path = BENCH) -> list[tuple[str, str]]:
    """Return every text below this folder that people read and no catalogue has, with its file."""
    found = []
    for path in sorted((*bench.rglob("*.py"), *bench.rglob("*.j2"))):
        file = str(path.relative_to(bench))
        if not why(ENGLISH, file):
            _, named = TEXTS.get(file, ("", ()))
            found += [(file, text) for text in of_file(path, file) if text not in named]
    return found


def why(exceptions: Mapping[str, str], file: str) -> str | None:
    """Return why a file is an exception; None: it is none."""
    return next((reason for pattern, reason in exceptions.items() if fnmatchcase(file, pattern)), None)


def of_file(path: Path, file: str) -> list[str]:
    """Return the texts of a file that people read and no catalogue has."""
    if path.suffix == ".j2":
        return list(of_template(path))
    tree = ast.parse(path.read_text())
    found = [*_printed(tree), *_helped(tree)]
    if not why(REFUSING, file):
        found += _refused(tree)
    if file in ALL_THE_SAME or not why(STORING, file):
        found += [text for text in written(tree) if PROSE.search(text)]
    return list(dict.fromkeys(found))


def of_template(path: Path) -> Iterator[str]:
    """Yield the texts of a template that stand in it as they are."""
    # What is put in stands for one character, so that a tag around it stays one.
    page = "".join(
        part.data if isinstance(part, nodes.TemplateData) else "\0"
        for output in template(path).find_all(nodes.Output)
        for part in output.nodes
    )
    page = re.sub(r"(?s)<(script|style).*?</\1>", "", page)
    page = re.sub(r' data-[a-z]+="[^"]*"', "", page)
    read_out = re.findall(r'(?:title|aria-label|alt)="([^"]*)"', page)
    texts = re.split(r"(?s)<[^>]*>", page.replace("<!doctype html>", ""))
    names = re.compile("pgladder|rows/s")
    for text in (*texts, *read_out):
        if re.search("[A-Za-z]{2,}", names.sub("", text)):
            yield text


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call with the last name of what is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2], node


def _refused(tree: ast.AST) -> Iterator[str]:
    """Yield what people are refused with."""
    for name, call in _calls(tree):
        if name.endswith(("Error", "Exit")) and name not in ERRORS:
            for argument in (*call.args, *call.keywords):
                yield from filter(PROSE.search, written(argument))


def _printed(tree: ast.AST) -> Iterator[str]:
    """Yield what is printed: there one word is a message, too."""
    for name, call in _calls(tree):
        owner = ast.unparse(call.func).rpartition(".")[0]
        if name in PRINTS and (name != "write" or owner in STREAMS):
            for argument in call.args:
                yield from filter(WORD.search, strings(_parts(argument)))


def _parts(argument: ast.expr) -> list[ast.expr]:
    """Return the texts of an argument, those between values too."""
    return argument.values if isinstance(argument, ast.JoinedStr) else [argument]


def _helped(tree: ast.AST) -> Iterator[str]:
    """Yield what help says: what is given to a parser, and options that are not gathered."""
    for name, call in _calls(tree):
        if name in {"Option", "Knob"}:
            # Of (name, group, help), and words.
            texts = strings((*call.args[1:3], *(each.value for each in call.keywords if each.arg in {"help", "words"})))
            yield from (text for text in texts if text not in _gathered())
        else:
            for each in call.keywords:
                if each.arg in SHOWN:
                    yield from (text for text in written(each.value) if WORD.search(text) and text not in _gathered())


@cache
def _gathered() -> frozenset[str]:
    return frozenset(message.text for message in messages())


def written(node: ast.AST) -> Iterator[str]:
    """Yield the texts below a node that are in no call that translates; documentation, names and errors aside."""
    match node:
        case ast.Raise() | ast.Compare() | ast.Subscript() | ast.Expr(value=ast.Constant()):
            return
        case ast.keyword(arg=name) if name in NAMES:
            return
        case ast.Assign() if is_heads(node) or _named(node, ("SPARE", "LEFT")):
            return
        case ast.Dict():
            below: list[ast.AST] = list(node.values)  # its keys are codes and names
        case ast.Call(func=ast.Name(id="Option" | "Knob")):
            return
        case ast.Call(func=ast.Name(id=called)) if (called, "words") in WORDS:
            below = [each for each in node.keywords if (called, str(each.arg)) not in WORDS]
        case ast.Call(func=ast.Name(id=called)) if called in {*ONE, MANY}:
            below = [*(each for each in node.args if not isinstance(each, ast.Constant)), *node.keywords]
        case _:
            below = list(ast.iter_child_nodes(node))
    yield from strings([node])
    for child in below:
        yield from written(child)


def _named(assigned: ast.Assign, ends: tuple[str, ...]) -> bool:
    return any(isinstance(name, ast.Name) and name.id.endswith(ends) for name in assigned.targets)
