"""What may be asked: one table, from which ``pgladder``, fab and make have their options.

An option is ``--in-flight`` for ``pgladder`` and fab, ``IN_FLIGHT=`` for make, ``in_flight`` among what was asked. What
one question alone takes stands in its file (``bench.questions``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.engines.postgresql.majors import REFERENCE, major
from bench.model.errors import UsageError
from bench.model.language import tr
from bench.model.parse import WHOLE_NUMBER, Parse, count, margin, name, number, one_of, program, switch
from bench.model.plan import KNOBS

WHAT, LONG, HOW = "what to measure (several names: separated by spaces or commas)", "how long", "how to write"
WHERE, ANSWER = "where", "the answer"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may be asked.

    Attributes:
        name: among what was asked.
        group: what it belongs to, in help.
        help: in a few words; the default, where there is one.
        parse: reads it from its text; None of names, which are several.
        metavar: stands for its value in help.
        adds: given several times, each adds to those before.

    """

    name: str
    group: str
    help: str
    parse: Parse | None = None
    metavar: str = "N"
    adds: bool = False

    @property
    def flag(self) -> str:
        """The option of a command."""
        return f"--{self.name.replace('_', '-')}"


OPTIONS = (
    Option("phases", WHAT, "default: 1 to 2-H but for 2-B2 and 2-B3, and your own", metavar="NAME"),
    Option("variants", WHAT, "as in `pgladder variants`, paths of your own, or all; default: stock", metavar="NAME"),
    Option("drivers", WHAT, "what carries the phases out, such as asyncpg; default: each phase's own", metavar="NAME"),
    Option("engine", WHAT, "the kind of database; default: postgresql", name, "NAME"),
    Option("versions", WHAT, "majors of PostgreSQL, compared in one run, such as 15 17 18; default: one", metavar="N"),
    Option("layouts", WHAT, "default: plain", metavar="NAME"),
    Option("transports", WHAT, "tcp, tls, socket; default: tcp", metavar="NAME"),
    Option("preload_rows", WHAT, "rows that are there before; default: 0", count),
    Option("ceiling", WHAT, "is a rung bound by its server or its clients? two more trials for each", switch),
    Option("force", WHAT, "offer a rate of more than 70 % of what the clients can send, too: a doubt then", switch),
    Option("profile", LONG, "quick, standard or thorough; default: quick", one_of("quick", "standard", "thorough")),
    Option("warm_up", LONG, "seconds before the window", number(float), "S"),
    Option("window", LONG, "seconds measured", number(float), "S"),
    Option("blocks", LONG, "repetitions, each in a random order", number(int)),
    Option("until_decided", LONG, "end once every comparison is decided, looking each block", switch),
    Option("max_blocks", LONG, "the most blocks of until-decided", number(int)),
    Option("margin", LONG, "relative difference that does not matter; default: 0.02, of explain 0.05", margin, "M"),
    Option(
        "repeat_suspect",
        LONG,
        "measure trials of a comparison again that others disturb, at most three of ten: yes or no; default: yes",
        one_of("yes", "no"),
        "WORD",
    ),
    Option("seed", LONG, "of the order and the payloads", count),
    Option("collect_rows", HOW, "the most rows of a commit where rows come one by one: its batch", WHOLE_NUMBER),
    *(Option(name, HOW, knob.words, knob.parse, knob.metavar) for name, knob in KNOBS.items()),
)
"""What may be asked of every run, wherever it is measured."""

ON_THIS_MACHINE = (
    Option("dsn", WHERE, "an external server (else: this box's cluster, or a private one)", str, "URL"),
    Option("postgres", WHERE, f"the private server's major; default: {REFERENCE}, else the newest", major, "N"),
    Option(
        "bin_dir",
        WHERE,
        "PostgreSQL's programs, may be given several times; default: installed",
        metavar="DIR",
        adds=True,
    ),
    Option("data_dir", WHERE, "the private server's disk", Path, "DIR"),
    Option("on", WHERE, "a target of your own, by its file in targets/ of PGLADDER_PATH", str, "NAME"),
    Option("out", WHERE, "results (results/<run>/<host>; on a box runs/<run>)", Path, "DIR"),
)
RESUME = Option("resume", WHERE, "go on with a run that was interrupted", Path, "DIR")
GIVEN_PLANS = (Option("plan", WHERE, "carry out this plan", Path, "FILE"), RESUME)
"""One of them at most: it decides what is measured."""

ON_BOXES = (
    Option("host", WHERE, "one box by its address; no inventory entry needed", str, "ADDRESS"),
    Option("limit", WHERE, "boxes of the inventory, by name, group or pattern; default: all", str, "PATTERN"),
    Option("user_name", WHERE, "log in as", str, "NAME"),
    Option("port", WHERE, "of its sshd", str),
    Option("key", WHERE, "private key file", str, "FILE"),
)
RUN = Option("run", WHERE, "its name; an existing run of that name is resumed", str, "NAME")
PULLED_RUN = Option("run", WHERE, "the name of a pulled run", str, "NAME")
RUN_THERE = Option("run", WHERE, "which; default: the one under way", str, "NAME")
JSON = Option("json", ANSWER, "the answer for programs, on standard output; all else goes to standard error", switch)
FORMAT = Option("format", ANSWER, "its tables alone, on standard output", one_of("csv", "markdown", "json"), "FORMAT")
NOTIFY = Option(
    "notify", WHERE, "start this when all has ended or failed; it finds what happened in PGLADDER_*", program, "COMMAND"
)
BESIDE = (
    Option("metrics", WHERE, "keep this file up to date for Prometheus (node_exporter's textfile)", Path, "FILE"),
    NOTIFY,
)
"""What goes on beside a run, or follows it, and changes nothing of it."""
YES = Option("yes", LONG, "begin without a question, also what takes over an hour or writes over 1 TB", switch)
DETAIL = Option(
    "detail",
    ANSWER,
    "what tables leave out as well: ranks, p-values, settings, noise; connections, cores, spread",
    switch,
)
COMMON = {
    option.name for option in (*OPTIONS, *ON_THIS_MACHINE, *GIVEN_PLANS, *ON_BOXES, *BESIDE, RUN, JSON, FORMAT, YES)
}
MARGIN_OPTION = next(option for option in OPTIONS if option.name == "margin")


def read_options(typed: Mapping[str, str], options: Iterable[Option]) -> dict[str, Any]:
    """Read what was typed; an option that is empty was not given.

    Raises:
        UsageError: a value is none of its option.

    """
    given = {}
    for option in options:
        text = typed.get(option.name)
        if text:
            given[option.name] = _read(option, text)
    return given


def _read(option: Option, text: str) -> Any:
    if option.parse is None:
        return [text]
    try:
        return option.parse(text)
    except ValueError as error:
        raise UsageError(tr("{name}: {error}.", name=option.name, error=error)) from error
