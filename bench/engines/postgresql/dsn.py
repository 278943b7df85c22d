"""A connection string of libpq: what its first connection came to, so that every later one is the same.

What it says of verifying the server and of showing a certificate is kept as it stands; what it leaves open (a choice of
hosts, whether to encrypt) is pinned to what was found. How asyncpg is told the same is ``workload.drivers.asyncpg``'s.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psycopg2
import psycopg2.extensions

from bench.model.endpoint import CONNECT_TIMEOUT_S, Endpoint
from bench.model.errors import HostError, PgladderError, UsageError
from bench.model.language import tr
from bench.model.values import Transport

URI, WORDS = "postgresql://user@host:port/database", "host=... port=... user=... dbname=..."
"""The two forms of a connection string."""
OURS = {
    "host", "hostaddr", "port", "user", "dbname", "password", "options", "service", "servicefile", "connect_timeout",
    "application_name", "fallback_application_name", "client_encoding", "load_balance_hosts", "sslcompression",
}  # fmt: skip
"""Told by ``Endpoint`` itself, or without meaning once one host is chosen."""
UNDECIDED = {"allow", "prefer"}
"""Of sslmode and gssencmode: what is done is up to the server."""
ENCRYPTED_BY_GSSAPI = "SELECT coalesce((SELECT encrypted FROM pg_stat_gssapi WHERE pid = pg_backend_pid()), false)"


NOT_UTF_8 = "the server answered in words that are not UTF-8; its log has them"


def one_line(error: BaseException) -> str:
    """Return what an error says; the server may say it in an encoding of its own.

    Python 3.11.2, Debian 12's, loses such words: psycopg2 2.9 then raises an error without any.
    """
    if isinstance(error, UnicodeDecodeError):
        error = Exception(error.object.decode(errors="replace"))
    words = " ".join(str(error).split())
    return NOT_UTF_8 if not words and isinstance(error, psycopg2.Error) else words


@contextmanager
def in_a_sentence(kind: type[PgladderError], what: str) -> Iterator[None]:
    """Make a sentence of whatever the server objects to, or the way to it."""
    try:
        yield
    except (psycopg2.Error, UnicodeDecodeError, TimeoutError) as error:
        raise kind(f"{what}: {one_line(error)}") from error


def connect_first(dsn: str) -> psycopg2.extensions.connection:
    """Connect as the user says.

    Raises:
        HostError: that can't be done.
        UsageError: it is no string of libpq's; the password is not repeated.

    """
    try:
        with in_a_sentence(HostError, tr("Could not connect to the server of --dsn")):
            connection: psycopg2.extensions.connection = psycopg2.connect(
                dsn, connect_timeout=CONNECT_TIMEOUT_S, application_name="pgladder"
            )
    except HostError as error:
        if not isinstance(error.__cause__, psycopg2.ProgrammingError):
            raise
        why = str(error.__cause__).partition('"')[0].rstrip(" :")  # what follows quotes the string, password and all
        raise UsageError(
            tr(
                "--dsn is not a connection string ({why}); it is {uri} or {words} .",
                why=why,
                uri=URI,
                words=WORDS,
            )
        ) from error.__cause__
    connection.autocommit = True
    return connection


def endpoint_of(connection: psycopg2.extensions.connection, schema: str) -> Endpoint:
    """Return how to reach what a connection has reached: also by the environment, a default, or one host of several.

    Raises:
        UsageError: it asks for what reaches no client, or for no ordinary connection.

    """
    info = connection.info
    given = info.dsn_parameters
    _refuse_what_reaches_nobody(given)
    # Pinned to what was found: a later connection must not fall back to what the first did not need.
    transport = _transport(connection)
    parameters = {name: value for name, value in given.items() if name not in OURS}
    if parameters["sslmode"] in UNDECIDED and transport != "socket":
        parameters["sslmode"] = "require" if transport == "tls" else "disable"
    if parameters.get("gssencmode", "disable") in UNDECIDED:
        parameters["gssencmode"] = "require" if _encrypted_by_gssapi(connection) else "disable"
    return Endpoint(
        transport=transport,
        host=info.host,
        address=_address(given, info.host, str(info.port)),
        port=info.port,
        user=given["user"],
        database=given["dbname"],
        schema=schema,
        password=info.password or None,
        parameters=parameters,
    )


def _refuse_what_reaches_nobody(given: Mapping[str, str]) -> None:
    if options := given.get("options"):
        raise UsageError(
            tr("Options of a connection ({options}) reach no client: set them by ALTER ROLE … SET.", options=options)
        )
    if given.get("replication", "false") not in {"false", "off", "no", "0"}:
        raise UsageError(tr("replication in --dsn makes a connection that takes no SQL; leave it out."))


def _transport(connection: psycopg2.extensions.connection) -> Transport:
    if connection.info.host.startswith(("/", "@")):
        return "socket"
    return "tls" if connection.info.ssl_in_use else "tcp"


def _encrypted_by_gssapi(connection: psycopg2.extensions.connection) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(ENCRYPTED_BY_GSSAPI)
        return bool(cursor.fetchall()[0][0])


def _address(given: dict[str, str], host: str, port: str) -> str | None:
    """Return the address that was given for the host that was reached, None where none was."""
    addresses = given.get("hostaddr", "").split(",")
    hosts = given["host"].split(",") if "host" in given else addresses
    ports = given.get("port", port).split(",")
    ports = ports * len(hosts) if len(ports) == 1 else ports
    for one_host, one_port, address in zip(hosts, ports, addresses, strict=False):
        if one_host == host and one_port in {port, ""}:
            return address or None
    return None
