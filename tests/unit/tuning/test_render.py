"""Templates rendered strictly, errors named, hashes true."""

import hashlib

import pytest

from bench.model import WrongUseError
from bench.tuning import render as room
from bench.tuning.render import as_variant, render, template_directory, variant_names

HARNESS = {"listen_addresses": "127.0.0.1", "port": None, "max_connections": 208, "tls": False}


def settings(text):
    """``name = value`` of every line that is one."""
    lines = (line.partition(" = ") for line in text.splitlines() if line and not line.startswith("#"))
    return {name: value for name, _, value in lines}


@pytest.fixture
def templates(tmp_path, monkeypatch):
    """A template directory of our own."""
    (tmp_path / "variants").mkdir()
    monkeypatch.setattr(room, "template_directory", lambda: tmp_path)
    return tmp_path


# --- the harness -----------------------------------------------------------------------------------------------------


def test_the_harness_of_a_private_server_has_neither_port_nor_socket_nor_tls():
    assert settings(render("harness", HARNESS).text) == {
        "listen_addresses": "'127.0.0.1'",
        "max_connections": "208",
        "password_encryption": "'scram-sha-256'",
        "ssl": "off",
        "track_wal_io_timing": "on",
        "track_io_timing": "on",
        "log_checkpoints": "on",
        "log_line_prefix": "'%m [%p] %q%u@%d '",
        "lc_messages": "'C'",
    }


def test_with_tls_and_a_port_the_harness_has_both():
    placed = HARNESS | {"port": 5433, "socket_directory": "/run/pgladder", "tls": True}
    found = settings(render("harness", placed).text)
    assert found["port"] == "5433"
    assert found["unix_socket_directories"] == "'/run/pgladder'"
    assert found["ssl"] == "on"
    assert "command line" not in render("harness", placed).text


@pytest.mark.parametrize("missing", HARNESS)
def test_a_fact_the_harness_lacks_is_an_error_and_no_empty_text(missing):
    facts = {name: value for name, value in HARNESS.items() if name != missing}
    with pytest.raises(WrongUseError, match=rf"harness\.conf\.j2: UndefinedError: '{missing}' is undefined"):
        render("harness", facts)


# --- variants --------------------------------------------------------------------------------------------------------


def test_stock_sets_nothing_and_async_commit_one_thing():
    assert settings(render("variants/stock", {}).text) == {}
    assert settings(render("variants/async-commit", {}).text) == {"synchronous_commit": "off"}


def test_every_variant_there_is_can_be_named_and_ends_with_a_line_end():
    assert {"stock", "async-commit"} <= set(variant_names())
    for path in (template_directory() / "variants").iterdir():
        assert path.name.removesuffix(".conf.j2") in variant_names()
        assert path.read_text().endswith("\n")


def test_a_file_dropped_into_the_directory_is_a_variant(templates):
    (templates / "variants" / "mine.conf.j2").write_text("work_mem = {{ ram // 64 }}\n")
    assert variant_names() == ["mine"]
    assert render("variants/mine", {"ram": 640}) == as_variant("mine", "work_mem = 10\n")


def test_the_hash_is_that_of_the_text():
    variant = render("variants/async-commit", {})
    assert variant.sha256 == hashlib.sha256(variant.text.encode()).hexdigest()


# --- errors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("x = {{ nowhere }}", "UndefinedError: 'nowhere' is undefined"),
        ("x = {{ box.ram }}", "UndefinedError: 'box' is undefined"),
        ("{% if tls %}x", "TemplateSyntaxError: Unexpected end of template"),
        ("{{ 1 | kilobytes }}", "TemplateAssertionError: No filter named 'kilobytes'"),
        ("{{ 1 // 0 }}", "ZeroDivisionError"),
        ("{{ 'a' + 1 }}", "TypeError"),
        ("{{ 'a'.index('b') }}", "ValueError"),
        ("{% include 'other' %}", "TemplateNotFound: 'other' not found"),
        (b"\xff", "UnicodeDecodeError"),
    ],
)
def test_an_error_in_a_template_names_the_file_and_the_cause(templates, text, cause):
    (templates / "variants" / "bad.conf.j2").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(WrongUseError) as refused:
        render("variants/bad", {})
    assert str(refused.value).startswith(f"Template variants/bad.conf.j2: {cause}")


def test_a_template_that_is_not_there_is_named():
    with pytest.raises(WrongUseError, match=r"variants/none\.conf\.j2: TemplateNotFound"):
        render("variants/none", {})
