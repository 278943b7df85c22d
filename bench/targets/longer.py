"""The command that measures longer what a comparison leaves open: where it was measured, in the words of its plan."""

import ipaddress
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from bench.analysis.comparison import ComparisonReport
from bench.engines.postgresql.majors import REFERENCE
from bench.model.plan import Plan
from bench.plan.options import ON_BOXES
from bench.plan.words import words_of
from bench.report.command import Caller, caller, command
from bench.store.run_directory import RunDirectory

Words = Mapping[str, list[str]]
ANSWERED = ("across", "baseline", "margin")
"""Options of the answer that a new one needs as well."""
HERE = ("postgres", "bin_dir", "data_dir")
ELSEWHERE = ("dsn", "on")
"""Places that only who named them can name: a connection string may hold a password."""


def longer_command(
    question: str, report: ComparisonReport, directory: RunDirectory, given: Mapping[str, Any]
) -> str | None:
    """Return the command for what a comparison offers; None where nobody but the user can word it.

    Args:
        question: that it answers.
        report: the comparison.
        directory: a run that it is of.
        given: the options that were typed, by name.

    """
    if report.longer is None:
        return None
    plan = directory.plan().as_asked()
    words, where_asked = words_of(plan, report.longer.blocks), place(report.hosts, directory, plan, given)
    if words is None or where_asked is None:
        return None
    called, where = where_asked
    answered = {name: [str(given[name])] for name in ANSWERED if name in given}
    return command(question, {**where, **words, **answered}, called)


def place(
    hosts: Sequence[str], directory: RunDirectory, plan: Plan, given: Mapping[str, Any]
) -> tuple[Caller, Words] | None:
    """Return what is to be called, and the options that say where it measures; None where only the user can name it."""
    called = caller()
    if any(name in given for name in ELSEWHERE):
        return None
    if called != "pgladder":
        return called, {option.name: [str(given[option.name])] for option in ON_BOXES if option.name in given}
    if list(hosts) == [socket.gethostname()]:
        return called, _here(plan, given)
    host = directory.host()
    if host is None or host.facts.get("pgladder", {}).get("limits") or any(map(_is_address, hosts)):
        # An external server, or a box that no inventory need have.
        return None
    return "make", {"limit": [",".join(hosts)]}


def typed_here(given: Mapping[str, Any], names: Sequence[str] = HERE) -> dict[str, list[str]]:
    """Return the options that say where on this machine it was measured, as they were typed."""
    where = {}
    for name in names:
        if name in given:
            values = given[name] if isinstance(given[name], list) else [given[name]]
            where[name] = list(map(str, values))
    return where


def _here(plan: Plan, given: Mapping[str, Any]) -> Words:
    where = typed_here(given)
    if "postgres" not in where and len(plan.versions) == 1 and plan.versions != [REFERENCE]:
        where["postgres"] = plan.versions
    return where


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
