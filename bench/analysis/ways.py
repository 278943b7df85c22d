"""How a rung writes rows, in plain words: ``COPY of 5,000 rows a commit, by 4 processes``.

From what the records carry alone, the method and the parameters, so that a run is read where its phase's file is gone.
"""

from collections.abc import Mapping

from bench.analysis.rung import Rung
from bench.model.language import later, tr

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
    if parameters.batch == 1:
        way = tr(ONE_ROW.get(method, method), workers=parameters.workers)
    else:
        what = tr(MANY_ROWS.get(method, method))
        way = tr("{what} of {batch:,} rows a commit", what=what, batch=parameters.batch)
    if parameters.processes > 1:
        way = tr("{way}, by {processes} processes", way=way, processes=parameters.processes)
    if method != rung.method:
        way += f", {rung.driver}"
    return way
