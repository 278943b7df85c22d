"""What may be asked of a run: one table, from which ``pgladder``, fab and make have their words.

An option is ``--in-flight`` for ``pgladder`` and fab, ``IN_FLIGHT=`` for make, ``in_flight`` among what was asked.
"""

from dataclasses import dataclass

from bench.model.parse import Parse, count, margin, name, number, one_of, switch
from bench.model.plan import KNOBS

WHAT, LONG, HOW = "what to measure (several names: separated by spaces or commas)", "how long", "how to write"


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that may be asked.

    Attributes:
        name: among what was asked.
        group: what it belongs to, in help.
        help: in a few words; the default, where there is one.
        parse: reads it from its text; None of names, which are several.
        metavar: stands for its value in help.

    """

    name: str
    group: str
    help: str
    parse: Parse | None = None
    metavar: str = "N"

    @property
    def flag(self) -> str:
        """The option of a command."""
        return f"--{self.name.replace('_', '-')}"


OPTIONS = (
    Option("phases", WHAT, "default: all", metavar="NAME"),
    Option("variants", WHAT, "as in `pgladder variants`, paths of your own, or all; default: stock", metavar="NAME"),
    Option("drivers", WHAT, "what carries the phases out, such as asyncpg; default: each phase's own", metavar="NAME"),
    Option("engine", WHAT, "the kind of database; default: postgresql", name, "NAME"),
    Option("layouts", WHAT, "default: plain", metavar="NAME"),
    Option("transports", WHAT, "tcp, tls, socket; default: tcp", metavar="NAME"),
    Option("preload_rows", WHAT, "rows that are there before; default: 0", count),
    Option("profile", LONG, "quick, standard or thorough; default: quick", one_of("quick", "standard", "thorough")),
    Option("warm_up", LONG, "seconds before the window", number(float), "S"),
    Option("window", LONG, "seconds measured", number(float), "S"),
    Option("blocks", LONG, "repetitions, each in a random order", number(int)),
    Option("until_decided", LONG, "end once every comparison is decided, looking each block", switch),
    Option("max_blocks", LONG, "the most blocks of until-decided", number(int)),
    Option("margin", LONG, "relative difference that does not matter; default: 0.02", margin, "M"),
    Option("seed", LONG, "of the order and the payloads", count),
    *(Option(name, HOW, knob.words, knob.parse, knob.metavar) for name, knob in KNOBS.items()),
)
