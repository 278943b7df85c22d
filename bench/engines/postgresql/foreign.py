"""Which settings of a plan that was not made here may be carried out: those that reach no further than the server.

``reaching.tsv`` lists what does, in any major of PostgreSQL, with what it names: a program, a library, a place or an
address (manual, chapter 20). A test sees that every parameter of text is in it or among ``WORDS``: a new one is refused
until somebody has looked at it.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from bench.engines.postgresql.parameters import rows_by_name
from bench.engines.postgresql.units import boolean
from bench.model.errors import UsageError
from bench.model.language import later, tr

WORDS = frozenset(
    {
        "application_name",
        "backtrace_functions",
        "client_encoding",
        "cluster_name",
        "createrole_self_grant",
        "datestyle",
        "debug_io_direct",
        "default_table_access_method",
        "default_text_search_config",
        "event_source",
        "lc_messages",
        "lc_monetary",
        "lc_numeric",
        "lc_time",
        "log_connections",
        "log_line_prefix",
        "log_timezone",
        "recovery_target",
        "recovery_target_lsn",
        "recovery_target_name",
        "recovery_target_time",
        "recovery_target_timeline",
        "recovery_target_xid",
        "restrict_nonsystem_relation_kind",
        "search_path",
        "ssl_ciphers",
        "ssl_ecdh_curve",
        "ssl_groups",
        "ssl_tls13_ciphers",
        "synchronized_standby_slots",
        "syslog_ident",
        "timezone",
        "timezone_abbreviations",
        "wal_consistency_checking",
    }
)
"""Parameters of text that name nothing outside the server."""
NAMES = {
    "address": later("{name}, which names an address"),
    "library": later("{name}, which names a library"),
    "place": later("{name}, which names a place"),
    "program": later("{name}, which names a program"),
}
"""By the word of ``reaching.tsv``."""
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)\s*[A-Za-z]{0,3}")
"""With a unit or without."""


def reaching(given: Mapping[str, str]) -> Iterator[str]:
    """Say of each setting that reaches beyond the server what it names."""
    for name, text in given.items():
        if name in _kinds():
            if all(text != row.default for row in rows_by_name()[name]):
                yield tr(NAMES[_kinds()[name]], name=name)
        elif name not in WORDS and not _names_nothing(name, text):
            yield tr("{name}, a text that only an extension or another PostgreSQL understands", name=name)


def refuse_reaching(given: Mapping[str, str], where: str) -> None:
    """Refuse settings that reach beyond the server.

    Raises:
        UsageError: says ``where``, which, and what would do.

    """
    if found := list(reaching(given)):
        raise UsageError(
            tr(
                "{where} was not made here and sets {found}: that is carried out for nobody else. Read it; if you want"
                " it, put it into a variant of your own (docs/variants.md) and make a new run.",
                where=where,
                found="; ".join(found),
            )
        )


def _names_nothing(name: str, text: str) -> bool:
    """Return whether a value is a number, one of a few words, on or off."""
    rows = rows_by_name().get(name, [])
    if any(row.kind != "string" for row in rows):
        return True
    return boolean(text) is not None or bool(NUMBER.fullmatch(text))


@cache
def _kinds() -> dict[str, str]:
    text = (files("bench.engines.postgresql") / "reaching.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in text.splitlines())
