"""How a rung writes rows, in plain words: ``COPY of 5,000 rows a commit, by 4 processes``.

From what the records carry alone, the method and the parameters, so that a run is read where its phase's file is gone.
"""

from collections.abc import Mapping

from bench.analysis.rung import Rung
from bench.model.language import later, tr, tr_of

METHOD = "method"
"""The kind of word that a technique's name is in a catalogue."""
ONE_ROW: Mapping[str, str] = {
    "connect each": later("a connection for every row"),
    "kept": later("one kept connection"),
    "pool": later("a pool, one row at a time"),
    "gather": later("{workers:,} rows at once"),
    "no reset": later("{workers:,} rows at once, sessions not reset"),
    "procs.": later("{workers:,} rows at once, sessions not reset"),
}
"""By method, of a commit of one row."""
MANY_ROWS: Mapping[str, str] = {
    "COPY, procs.": "COPY",
    "COPY columns": later("COPY by columns"),
    "COPY, 1 each": later("COPY by one connection to each server"),
    "multi VALUES": "INSERT",
    "unnest": later("arrays"),
}
"""By method, what sends a commit of several rows; of others the method itself."""


def plain_way(rung: Rung) -> str:
    """Return how a rung writes rows: what it sends, of how many rows, from how many client processes."""
    parameters = rung.parameters
    # Where several drivers carried a phase out, its method names each.
    method = rung.method.removesuffix(f", {rung.driver}")
    way = method_words(method)
    if parameters.batch == 1 and method in ONE_ROW:
        way = tr(ONE_ROW[method], workers=parameters.workers)
    elif parameters.batch > 1:
        what = tr(MANY_ROWS[method]) if method in MANY_ROWS else way
        way = tr("{what} of {batch:,} rows a commit", what=what, batch=parameters.batch)
    if parameters.processes > 1:
        way = tr("{way}, by {processes} processes", way=way, processes=parameters.processes)
    if method != rung.method:
        way += f", {rung.driver}"
    return way


def method_words(method: str | None, driver: str = "") -> str:
    """Return what a rung's technique is called: that of a phase of a user's as its file says; empty where it has none.

    Where several drivers carried a phase out, its method ends with its ``driver``.
    """
    name = (method or "").removesuffix(f", {driver}")
    return tr_of(METHOD, name) + (method or "")[len(name) :]
