"""Whether a pooler stands between us and somebody's server, and whether work can be done through it.

A pooler makes up the backend that libpq is told of; the server knows the real one. It must leave a client the same
backend for as long as the client stays, and hand none on with what the client has set: a search path or a time limit of
ours in somebody else's session would do harm. Tried with a parameter that means nothing to anyone.
"""

import secrets
from collections.abc import Callable
from contextlib import closing

import psycopg2.extensions

from bench.model.errors import HostError
from bench.model.language import later, tr
from bench.model.record import Reason

Connection = psycopg2.extensions.connection
PARAMETER = "pgladder.visit"
SEEN = f"SELECT coalesce(current_setting('{PARAMETER}', true), '')"
IN_BETWEEN = Reason(
    code="pooler",
    detail="a pooler is between the clients and PostgreSQL: rates and latencies are of both, and where each insert"
    " connects anew (connect each) of the pooler",
)
SHARED = later(
    "The server of --dsn is behind a pooler that gives a session to several clients (transaction pooling): nothing of a"
    " client's own stays there; give PostgreSQL's own host and port in --dsn, or a pool in session mode."
)
LEFT_AS_IT_WAS = later(
    "The server of --dsn is behind a pooler that hands a session on as the last client left it, with what that client"
    " had set; give PostgreSQL's own host and port in --dsn, or have the pooler reset it (pgbouncer:"
    " server_reset_query)."
)


def is_pooled(connection: Connection) -> bool:
    """Return whether the backend that libpq was told of is not the one that answers."""
    return bool(_value(connection, "SELECT pg_backend_pid()") != connection.info.backend_pid)


def refuse_shared_sessions(connect: Callable[[], Connection]) -> None:
    """See that a session is its client's alone, and is cleaned when it ends.

    Raises:
        HostError: it is not; the message names what would do.

    """
    token = secrets.token_hex(8)
    with closing(connect()) as second:
        # Both at once: one after the other may well be given the same session.
        with closing(connect()) as first:
            _value(first, f"SELECT set_config('{PARAMETER}', '{token}', false)")
            seen_by_another, still_there = _value(second, SEEN) == token, _value(first, SEEN) == token
            backends = {_value(each, "SELECT pg_backend_pid()") for each in (first, second)}
        if seen_by_another or not still_there or len(backends) == 1:
            raise HostError(tr(SHARED))
        with closing(connect()) as third:  # is given what the first has left, as the second still keeps its own
            left_as_it_was = _value(third, SEEN) == token
            _value(third, f"SELECT set_config('{PARAMETER}', '', false)")
        if left_as_it_was:
            raise HostError(tr(LEFT_AS_IT_WAS))


def _value(connection: Connection, statement: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()[0][0]
