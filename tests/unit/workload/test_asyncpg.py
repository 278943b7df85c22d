"""asyncpg is told what libpq is told; what it can't keep is named."""

import ssl

import pytest

from bench.model.endpoint import Endpoint
from bench.workload.drivers.asyncpg import asyncpg_arguments, ssl_context, unkept

USUAL = {
    "sslmode": "disable", "channel_binding": "prefer", "gssencmode": "disable", "sslsni": "1", "sslcertmode": "allow",
    "sslnegotiation": "postgres", "gssdelegation": "0", "krbsrvname": "postgres", "target_session_attrs": "any",
}  # fmt: skip

ROOTS = "/etc/ssl/certs/ca-certificates.crt"


@pytest.fixture(autouse=True)
def no_files_of_the_users(monkeypatch, tmp_path):
    """Let no certificate in the tester's home change what is tested."""
    monkeypatch.setenv("HOME", str(tmp_path))


def endpoint(address: str | None = None, **parameters: str) -> Endpoint:
    return Endpoint(
        transport="tls" if parameters.get("sslmode", "disable") != "disable" else "tcp",
        host="db.example",
        address=address,
        port=5432,
        user="ann",
        database="shop",
        schema="pgladder_r",
        parameters=USUAL | parameters,
    )


def test_what_a_connection_usually_is_asyncpg_keeps():
    assert unkept(endpoint()) == []
    assert unkept(endpoint(sslmode="verify-full", sslrootcert="ca.crt", sslcert="c", sslkey="k", keepalives="0")) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("channel_binding", "require"),
        ("gssencmode", "require"),
        ("require_auth", "scram-sha-256"),
        ("requirepeer", "postgres"),
        ("sslsni", "0"),
        ("sslcertmode", "require"),
        ("what_a_later_libpq_adds", "1"),
    ],
)
def test_what_asyncpg_can_not_keep_is_named(name, value):
    assert unkept(endpoint(**{name: value})) == [f"{name}={value}"]


def test_a_name_that_is_verified_and_an_address_beside_it_are_too_much_for_asyncpg():
    assert unkept(endpoint(address="192.0.2.1", sslmode="verify-full"))
    assert unkept(endpoint(address="192.0.2.1", sslmode="verify-ca")) == []
    assert asyncpg_arguments(endpoint(address="192.0.2.1"))["host"] == "192.0.2.1"


@pytest.mark.parametrize(
    ("sslmode", "verifies", "name"),
    [
        ("require", ssl.CERT_NONE, False),
        ("verify-ca", ssl.CERT_REQUIRED, False),
        ("verify-full", ssl.CERT_REQUIRED, True),
    ],
)
def test_a_server_is_verified_as_far_as_the_connection_string_says(sslmode, verifies, name):
    root = {"sslrootcert": ROOTS} if verifies else {}
    context = ssl_context({"sslmode": sslmode, **root})
    assert (context.verify_mode, context.check_hostname) == (verifies, name)


def test_the_systems_certificates_are_for_whole_names():
    context = ssl_context({"sslmode": "verify-full", "sslrootcert": "system"})
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize("name", ["sslrootcert", "sslcert", "sslcrl"])
def test_a_file_that_is_named_and_is_not_there_is_no_file_to_do_without(name):
    given = {"sslmode": "verify-ca", "sslrootcert": ROOTS, name: "/not/there"}
    with pytest.raises(FileNotFoundError):
        ssl_context(given)


def test_versions_of_tls_are_limited_as_asked():
    context = ssl_context({"sslmode": "require", "ssl_min_protocol_version": "TLSv1.3"})
    assert context.minimum_version == ssl.TLSVersion.TLSv1_3


def test_tls_may_begin_at_once():
    assert asyncpg_arguments(endpoint(sslmode="require", sslnegotiation="direct"))["direct_tls"]
    assert not asyncpg_arguments(endpoint(sslmode="require"))["direct_tls"]


def test_both_drivers_ask_for_the_schema_in_the_same_words():
    assert asyncpg_arguments(endpoint())["server_settings"]["options"] == "-c search_path=pgladder_r"
    assert endpoint().psycopg2_arguments()["options"] == "-c search_path=pgladder_r"
    assert endpoint(address="192.0.2.1").psycopg2_arguments()["hostaddr"] == "192.0.2.1"
