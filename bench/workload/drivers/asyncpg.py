"""asyncpg: told what libpq is told, its pool proves each connection before a phase has it.

Source of what libpq does with its parameters: PostgreSQL 17 manual, 34.1.2 and 34.19. What asyncpg can't do of it is
named by ``unkept``, so that it is refused and not left out.
"""

import ssl
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg

from bench.model.endpoint import CONNECT_TIMEOUT_S, Endpoint
from bench.model.values import Reset
from bench.workload.driver import Pool, ResettingDriver, prove

KEPT = {
    "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslcrldir", "ssl_min_protocol_version",
    "ssl_max_protocol_version", "sslnegotiation", "krbsrvname", "gsslib", "target_session_attrs", "passfile",
}  # fmt: skip
"""Parameters of libpq that asyncpg keeps as well."""
FOR_DEAD_PEERS = {"keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout"}
"""How soon a peer that is gone is missed; of a connection that stands they say nothing."""
LIKE_ASYNCPG = {
    "channel_binding": {"disable", "prefer"},
    "gssencmode": {"disable"},
    "gssdelegation": {"0"},
    "sslcertmode": {"allow", "disable"},
    "sslsni": {"1"},
}
"""Values of the others by which libpq does what asyncpg always does."""
LIBPQ_HOME = Path("~/.postgresql")
DIRECT = "postgresql"
"""The protocol's name in TLS (ALPN), which a server wants to hear where TLS begins at once."""


class Asyncpg(ResettingDriver):
    """Of the phases that are coroutines."""

    resets = True
    calls = frozenset({"execute", "executemany", "copy_records_to_table", "copy_to_table"})
    errors = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

    def unkept(self, endpoint: Endpoint) -> list[str]:
        """See ``Driver.unkept``."""
        return unkept(endpoint)

    def refused(self, error: BaseException) -> bool:
        """See ``Driver.refused``; FATAL would end the connection."""
        return isinstance(error, asyncpg.PostgresError) and error.severity_en == "ERROR"

    async def pool(self, endpoint: Endpoint, least: int, most: int, reset: Reset = "query") -> Pool:
        """See ``ResettingDriver.pool``."""
        return await asyncpg.create_pool(
            **asyncpg_arguments(endpoint),
            init=partial(prove, self, endpoint=endpoint),
            min_size=least,
            max_size=most,
            max_cacheable_statement_size=0,  # a statement of any length stays prepared
            reset=None if reset == "query" else leave,
        )

    async def value(self, connection: Any, statement: str) -> str:
        """See ``AsyncDriver.value``."""
        return str(await connection.fetchval(statement))


async def leave(connection: Any) -> None:
    """Send nothing. By itself asyncpg asks the server to drop locks, cursors, LISTENs and settings: a round trip."""


def unkept(endpoint: Endpoint) -> list[str]:
    """Return what of an endpoint asyncpg can't keep, as ``name=value``."""
    lacking = []
    for name, value in sorted(endpoint.parameters.items()):
        kept = name in KEPT | FOR_DEAD_PEERS or value in LIKE_ASYNCPG.get(name, ())
        if not kept:
            lacking.append(f"{name}={value}")
    if endpoint.address not in (None, endpoint.host) and _verifies_name(endpoint.parameters):
        lacking.append(f"hostaddr={endpoint.address} with the name {endpoint.host} verified")
    return lacking


def asyncpg_arguments(endpoint: Endpoint) -> dict[str, Any]:
    """Return keyword arguments of ``asyncpg.connect`` (and of its pool)."""
    parameters = endpoint.parameters
    return {
        "host": endpoint.address or endpoint.host,
        "port": endpoint.port,
        "user": endpoint.user,
        "database": endpoint.database,
        "password": endpoint.password,
        # False, not None: that would go by PGSSLMODE (asyncpg 0.32, connect_utils.py).
        "ssl": ssl_context(parameters) if endpoint.transport == "tls" else False,
        "direct_tls": parameters.get("sslnegotiation") == "direct",
        "krbsrvname": parameters.get("krbsrvname"),
        "gsslib": parameters.get("gsslib"),
        "target_session_attrs": parameters.get("target_session_attrs"),
        "timeout": CONNECT_TIMEOUT_S,
        "server_settings": {"options": endpoint.options, "application_name": "pgladder"},
    }


def ssl_context(parameters: Mapping[str, str]) -> ssl.SSLContext:
    """Return what libpq does with these parameters, as Python's ssl does it.

    Raises:
        OSError: a file is not there, or not what it should be.

    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    root = _file(parameters, "sslrootcert", "root.crt")
    verifies = root is not None or parameters["sslmode"].startswith("verify")
    # check_hostname first: Python refuses CERT_NONE while it is on.
    context.check_hostname = _verifies_name(parameters)
    context.verify_mode = ssl.CERT_REQUIRED if verifies else ssl.CERT_NONE
    if root == "system":
        context.load_default_certs()
    elif verifies:
        context.load_verify_locations(root or LIBPQ_HOME.expanduser() / "root.crt")
        lists, directory = _file(parameters, "sslcrl", "root.crl"), parameters.get("sslcrldir")
        if lists or directory:  # let no certificate pass that a list of revoked ones names
            context.load_verify_locations(lists, directory)
            context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN
    _show_certificate(context, parameters)
    for end in ("minimum", "maximum"):  # TLSv1.2 is ssl.TLSVersion.TLSv1_2
        if version := parameters.get(f"ssl_{end[:3]}_protocol_version"):
            setattr(context, f"{end}_version", ssl.TLSVersion[version.replace(".", "_")])
    if parameters.get("sslnegotiation") == "direct":
        context.set_alpn_protocols([DIRECT])
    return context


def _verifies_name(parameters: Mapping[str, str]) -> bool:
    return parameters["sslmode"] == "verify-full" or parameters.get("sslrootcert") == "system"


def _file(parameters: Mapping[str, str], name: str, usual: str) -> str | None:
    """Return the file that is named, else libpq's usual one if it is there."""
    place = LIBPQ_HOME.expanduser() / usual
    return parameters.get(name) or (str(place) if place.exists() else None)


def _show_certificate(context: ssl.SSLContext, parameters: Mapping[str, str]) -> None:
    """Show the client's certificate where there is one."""
    certificate = _file(parameters, "sslcert", "postgresql.crt")
    if certificate and parameters.get("sslcertmode") != "disable":
        key = _file(parameters, "sslkey", "postgresql.key")
        context.load_cert_chain(certificate, key, parameters.get("sslpassword", ""))


DRIVER = Asyncpg()
