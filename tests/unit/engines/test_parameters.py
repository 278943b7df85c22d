"""What values come to, and in what two configurations differ in effect."""

from fractions import Fraction

import pytest

from bench.engines.postgresql.parameters import (
    Difference,
    NotInMajorError,
    differences,
    effect,
    hint,
    parameters,
    rows_by_name,
    values,
)
from bench.model.errors import DataError


def value(name, text):
    return values({name: text}, "x")[name]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("work_mem", "64MB", 65536),
        ("shared_buffers", "1GB", 131072),
        ("checkpoint_timeout", "15min", 900),
        ("random_page_cost", "1.1", Fraction(11, 10)),
        ("jit", "F", "off"),
        ("jit", "tru", "on"),
        ("jit", "1", "on"),
        ("wal_compression", "ON", "pglz"),
        ("wal_compression", "no", "off"),
        ("wal_compression", "LZ4", "lz4"),
        ("synchronous_commit", "0", "off"),
        ("huge_pages", "try", "try"),
        ("wal_level", "hot_standby", "replica"),
        ("default_transaction_isolation", "read committed", "read committed"),
        ("cluster_name", "Mine", "Mine"),
        ("timescaledb.max_background_workers", "16", "16"),
    ],
)
def test_a_text_comes_to_a_value(name, text, expected):
    assert value(name, text) == expected


@pytest.mark.parametrize(("name", "text"), [("jit", "o"), ("jit", ""), ("jit", "2"), ("fsync", "fals e")])
def test_a_bool_is_no_guess(name, text):
    with pytest.raises(DataError, match=f"x: {name} = {text}: it takes on or off"):
        value(name, text)


def test_every_parameter_takes_its_own_default():
    assert len(parameters()) > 300
    for name, parameter in parameters().items():
        assert value(name, parameter.default) == parameter.value(parameter.default)


def differing(a, b, **options):
    return differences(*(effect(values(texts, "x"), **options) for texts in (a, b)))


def test_the_same_value_written_otherwise_is_no_difference():
    assert differing({"work_mem": "4MB", "jit": "yes"}, {"work_mem": "4096kB"}) == []
    assert differing({"wal_compression": "on"}, {"wal_compression": "pglz"}) == []


def test_a_difference_is_shown_against_the_default_where_one_is_silent():
    assert differing({"max_wal_size": "16384MB", "jit": "off"}, {"jit": "off"}) == [
        Difference("max_wal_size", "16GB", "1GB")
    ]


def test_what_follows_another_parameter_is_compared_by_what_it_comes_to():
    assert differing({"wal_buffers": "-1"}, {"wal_buffers": "4MB"}) == []
    assert differing({"shared_buffers": "4GB", "wal_buffers": "16MB"}, {"shared_buffers": "4GB"}) == []
    found = differing({"maintenance_work_mem": "1GB"}, {"maintenance_work_mem": "1GB", "autovacuum_work_mem": "64MB"})
    assert found == [Difference("autovacuum_work_mem", "1GB", "64MB")]


def test_without_huge_pages_trying_for_them_is_off():
    assert differing({"huge_pages": "off"}, {}, huge_page_bytes=0) == []
    assert differing({"huge_pages": "off"}, {}) == [Difference("huge_pages", "off", "try")]


def test_where_enough_huge_pages_are_set_aside_trying_for_them_is_on():
    assert differing({"huge_pages": "on"}, {}, huge_page_bytes=1 << 30) == []
    assert differing({"huge_pages": "off"}, {}, huge_page_bytes=1 << 30) == [Difference("huge_pages", "off", "on")]


@pytest.mark.parametrize("given", [{}, {"shared_buffers": "1GB"}, {"huge_page_size": "1GB"}])
def test_where_only_the_server_can_tell_what_trying_for_huge_pages_comes_to_nothing_is_said(given):
    pages = 130 << 20 if not given else 1 << 30
    found = differing({"huge_pages": "on", **given}, given, huge_page_bytes=pages)
    assert found == [Difference("huge_pages", "on", "try")]


@pytest.mark.parametrize("word", ["local", "remote_write", "remote_apply"])
def test_without_standbys_a_commit_waits_for_the_local_flush_whatever_it_is_told(word):
    assert differing({"synchronous_commit": word}, {}) == []
    standby = {"synchronous_standby_names": "other"}
    assert differing({"synchronous_commit": word, **standby}, standby) == [Difference("synchronous_commit", word, "on")]
    assert differing({"synchronous_commit": "off"}, {}) == [Difference("synchronous_commit", "off", "on")]


def test_a_parameter_of_an_extension_is_compared_as_text():
    assert differing({"a.b": "1"}, {}) == [Difference("a.b", "1", None)]


def test_a_parameter_that_the_table_lacks_is_left_to_the_server_and_compared_as_text():
    assert value("output_plugin_libraries", "a, b") == "a, b"  # PostgreSQL 15.19 has it
    assert differing({"output_plugin_libraries": "a"}, {}) == [Difference("output_plugin_libraries", "a", None)]


def test_a_name_that_the_server_refused_is_told_the_nearest_that_is_known():
    assert hint(["wrk_mem"]) == "; did you mean work_mem?"
    assert hint(["no_such_thing_at_all", "a.b"]) == ""


@pytest.mark.parametrize(
    ("name", "text", "version", "why"),
    [
        ("io_method", "sync", "17", "PostgreSQL 17 has no io_method, a parameter from 18 on"),
        ("io_method", "sync", None, "PostgreSQL 15 has no io_method, a parameter from 18 on"),
        ("vacuum_defer_cleanup_age", "9", "16", "PostgreSQL 16 has no vacuum_defer_cleanup_age, a parameter up to 15"),
        ("ssl_ecdh_curve", "x", "18", "PostgreSQL 18 has no ssl_ecdh_curve, a parameter up to 17"),
        ("wal_compression", "lz4", "14", "PostgreSQL 14 does not take wal_compression = lz4, a value from 15 on"),
        (
            "log_connections",
            "receipt",
            "17",
            "PostgreSQL 17 does not take log_connections = receipt, a value from 18 on",
        ),
        ("io_combine_limit", "1MB", "17", "does not take io_combine_limit = 1MB, a value from 18 on"),
    ],
)
def test_what_another_major_has_is_named_with_its_majors(name, text, version, why):
    with pytest.raises(NotInMajorError, match=f"x: .*{why}"):
        values({name: text}, "x", version)


@pytest.mark.parametrize("version", ["14", "15", "16", "17", "18", "19"])
def test_of_every_major_each_parameter_takes_its_own_default(version):
    known = parameters(version)
    assert len(known) > 300
    for name, parameter in known.items():
        assert values({name: parameter.default}, "x", version)[name] == parameter.value(parameter.default)


def test_no_parameter_changes_its_unit_with_the_major():
    for name, rows in rows_by_name().items():
        assert len({row.unit for row in rows}) == 1, name


def test_what_a_default_became_is_a_difference_between_majors():
    silent = [effect({}, version=version) for version in ("17", "18")]
    assert Difference("effective_io_concurrency", "1", "16") in differences(*silent)
