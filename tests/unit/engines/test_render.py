"""Templates rendered strictly, errors named, hashes true."""

import hashlib
import os
import re

import pytest

from bench.engines.postgresql import render as room
from bench.engines.postgresql.render import (
    Box,
    as_variant,
    render,
    render_variant,
    summary,
    template_directory,
    texts,
    variant_names,
)
from bench.model.errors import DataError
from bench.tuning.hardware import Hardware

BOX = Box(hardware=Hardware(ram_mb=16384, cores=4, disk="nvme", disk_gb=500))
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
    with pytest.raises(DataError, match=rf"harness\.conf\.j2: UndefinedError: '{missing}' is undefined"):
        render("harness", facts)


# --- variants --------------------------------------------------------------------------------------------------------


def test_stock_sets_nothing_and_async_commit_one_thing():
    assert texts(render_variant("stock", BOX)) == {}
    assert texts(render_variant("async-commit", BOX)) == {"synchronous_commit": "off"}


def test_every_variant_there_is_can_be_named_and_ends_with_a_line_end():
    assert {"stock", "async-commit"} <= set(variant_names())
    for path in (template_directory() / "variants").iterdir():
        assert path.name.removesuffix(".conf.j2") in variant_names()
        assert path.read_text().endswith("\n")


BUILT_IN = """
    stock async-commit big-wal commit-delay huge-pages no-fsync no-full-page-writes shared-buffers-25 wal-compression
    wal-buffers no-bgwriter no-process-title
    pgtune-web pgtune-oltp pgtune-dw pgtune-desktop pgtune-mixed pigsty-oltp pigsty-olap pigsty-crit pigsty-tiny
    timescaledb-tune ingest
"""


def test_the_built_in_variants_are_there_stock_first():
    assert set(BUILT_IN.split()) <= set(variant_names())
    assert variant_names()[0] == "stock"


@pytest.mark.parametrize("name", BUILT_IN.split())
def test_every_built_in_variant_says_what_it_is_in_a_line_and_why_it_sets_what(name):
    assert 10 < len(summary(name)) <= 78
    explained = room.settings(render_variant(name, BOX))
    assert all(each.words for each in explained.values())
    steps = {"stock": 0, **dict.fromkeys(BUILT_IN.split()[1:12], 1)}
    assert len(explained) == steps.get(name, len(explained))


@pytest.mark.parametrize("name", [name for name in BUILT_IN.split() if name.startswith("pigsty")])
def test_pigstys_variants_have_none_of_its_instrumentation_and_say_so(name):
    variant = render_variant(name, BOX)
    assert "not its\n# instrumentation (pg_stat_statements, auto_explain, track_*)." in variant.text
    assert not [each for each in texts(variant) if re.match(r"track_|auto_explain|pg_stat_|shared_preload", each)]


def test_a_template_may_use_hardware_connections_and_formulas(templates):
    text = "shared_buffers = {{ hardware.ram_mb // 8 }}MB\n# {{ connections }}\n{{ formula('pgtune-dw') -}}\n"
    (templates / "variants" / "mine.conf.j2").write_text(text.replace("shared", "temp"))
    found = render_variant("mine", Box(hardware=BOX.hardware, need=30, owned={"max_connections"}))
    assert "\n# 30\n" in found.text
    assert "# For ram_mb=16384,cores=4,disk=nvme,disk_gb=500 and a plan that needs 30 connections\n" in found.text
    assert "# the harness owns max_connections; the formula says 30: as asked\n" in found.text
    assert texts(found)["temp_buffers"] == "2048MB"
    assert texts(found)["work_mem"] == "61680kB"
    assert "max_connections" not in texts(found)


@pytest.mark.parametrize(("name", "least"), [("pgtune-web", 20), ("pigsty-oltp", 20), ("timescaledb-tune", 25)])
def test_a_plan_that_needs_fewer_connections_than_a_tool_takes_is_given_the_fewest(name, least):
    few = render_variant(name, Box(hardware=BOX.hardware, need=4))
    assert texts(few)["max_connections"] == str(least)
    assert texts(few) == texts(render_variant(name, Box(hardware=BOX.hardware, connections=least)))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("work_mem = 4XB", "Variant bad: work_mem = 4XB: unit 'XB' does not fit"),
        ("work_mem = 4s", "Variant bad: work_mem = 4s: unit 's' does not fit"),
        ("work_mem = much", "Variant bad: work_mem = much: 'much' is not a number"),
        ("work_mem = 1kB", "Variant bad: work_mem = 1kB: it must lie between 64kB and 2147483647kB."),
        ("jit = maybe", "Variant bad: jit = maybe: it takes on or off."),
        ("wal_level = all", "Variant bad: wal_level = all: it takes minimal, replica, logical."),
        ("work_mem", "Variant bad, line 1: 'work_mem' is not name = value."),
        ("\njit = off\nJIT = on", "Variant bad, line 3: jit is set twice."),
        ("include 'other.conf'", "Variant bad, line 1: include is not taken"),
        ("port = 1", "Variant bad sets port, which the harness owns"),
        ("max_connections = 1", "Variant bad sets max_connections, which the harness owns"),
        ("{{ formula('mine') }}", "Template variants/bad.conf.j2: no formula is called 'mine'; there are pgtune-web,"),
    ],
)
def test_a_variant_that_cannot_be_is_refused_in_a_sentence(templates, text, sentence):
    (templates / "variants" / "bad.conf.j2").write_text(text)
    with pytest.raises(DataError) as refused:
        render_variant("bad", Box(hardware=BOX.hardware, need=100, owned={"max_connections"}))
    assert str(refused.value).startswith(sentence)


@pytest.mark.parametrize(
    ("files", "broken", "sentence"),
    [
        (["Mine", "mine"], "Mine", "the name is that of mine.conf.j2; give the file another."),
        (["harness"], "harness", "the name is pgladder's own"),
        (["As-Found"], "As-Found", "the name is pgladder's own"),
        (["all"], "all", "the name is pgladder's own"),
        (["my own"], "my own", "a name has letters"),
        ([""], "", "a name has letters"),
    ],
)
def test_a_file_with_the_name_of_another_or_none_is_refused_where_it_is_asked_for(templates, files, broken, sentence):
    for name in [*files, "other"]:
        (templates / "variants" / f"{name}.conf.j2").touch()
    assert variant_names() == sorted([*files, "other"])
    for ask in (summary, lambda name: render_variant(name, BOX)):
        with pytest.raises(DataError) as refused:
            ask(broken)
        assert str(refused.value).startswith(f"Template variants/{broken}.conf.j2: {sentence}")
        for name in {*files, "other"} - {broken}:
            ask(name)


def test_a_name_that_no_terminal_can_show_is_told_in_ascii(templates):
    (templates / "variants" / "a\x1b[31m\udcff.conf.j2").touch()
    with pytest.raises(DataError, match=r"^Template 'variants/a\\x1b\[31m\\udcff'\.conf\.j2: a name has letters"):
        summary(variant_names()[0])


BROKEN = {
    "a directory": (lambda path: path.mkdir(), "it is no regular file."),
    "a FIFO": (os.mkfifo, "it is no regular file."),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "it is no regular file."),
    "a dangling link": (lambda path: path.symlink_to("nowhere"), "it can't be read: No such file or directory."),
    "a link to itself": (
        lambda path: path.symlink_to(path.name),
        "it can't be read: Too many levels of symbolic links.",
    ),
    "Latin-1": (lambda path: path.write_bytes(b"# \xe9\n"), "it is not UTF-8: 'utf-8' codec can't decode byte 0xe9"),
    "huge": (lambda path: path.write_bytes(b"#" * 1_000_001), "it is larger than 1,000,000 bytes."),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_text_of_a_variant_is_refused_where_it_is_asked_for(templates, what):
    make, sentence = BROKEN[what]
    make(templates / "variants" / "mine.conf.j2")
    for ask in (summary, lambda name: render_variant(name, BOX)):
        with pytest.raises(DataError) as refused:
            ask("mine")
        assert str(refused.value).startswith(f"Template variants/mine.conf.j2: {sentence}")


def test_a_link_to_a_file_and_a_byte_order_mark_are_taken(templates):
    (templates / "mine").write_text("\ufeff# Mine.\nwork_mem = 5MB\n", encoding="utf-8")
    (templates / "variants" / "mine.conf.j2").symlink_to(templates / "mine")
    assert summary("mine") == "Mine."
    assert render_variant("mine", BOX) == as_variant("mine", "# Mine.\nwork_mem = 5MB\n")


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
        (b"\xff", "it is not UTF-8"),
    ],
)
def test_an_error_in_a_template_names_the_file_and_the_cause(templates, text, cause):
    (templates / "variants" / "bad.conf.j2").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError) as refused:
        render("variants/bad", {})
    assert str(refused.value).startswith(f"Template variants/bad.conf.j2: {cause}")


def test_a_template_that_is_not_there_is_named():
    with pytest.raises(DataError, match=r"variants/none\.conf\.j2: it can't be read: No such file or directory\."):
        render("variants/none", {})


def test_a_template_that_calls_itself_without_end_is_named(templates):
    (templates / "variants" / "mine.conf.j2").write_text("{% macro again() %}{{ again() }}{% endmacro %}{{ again() }}")
    with pytest.raises(DataError, match=r"variants/mine\.conf\.j2: RecursionError"):
        render_variant("mine", BOX)
