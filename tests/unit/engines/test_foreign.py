"""Which settings of somebody else's plan are carried out: those that reach no further than the server."""

import pytest

from bench.engines.postgresql.foreign import WORDS, _kinds, reaching, refuse_reaching
from bench.engines.postgresql.parameters import rows_by_name
from bench.engines.postgresql.render import texts, variant_names
from bench.engines.postgresql.variants import Machine, harness_for, variants_for
from bench.model.errors import UsageError
from bench.tuning.hardware import Hardware


def found(**given):
    return list(reaching(given))


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("archive_command", "id > /tmp/x", "a program"),
        ("restore_command", "id", "a program"),
        ("ssl_passphrase_command", "id", "a program"),
        ("archive_library", "x", "a library"),
        ("shared_preload_libraries", "auto_explain", "a library"),
        ("session_preload_libraries", "x", "a library"),
        ("local_preload_libraries", "x", "a library"),
        ("jit_provider", "x", "a library"),
        ("dynamic_library_path", "/tmp", "a library"),
        ("listen_addresses", "*", "an address"),
        ("primary_conninfo", "host=x", "an address"),
        ("bonjour", "on", "an address"),
        ("unix_socket_directories", "/tmp", "a place"),
        ("log_directory", "/tmp", "a place"),
        ("hba_file", "/tmp/x", "a place"),
        ("data_directory", "/tmp/x", "a place"),
        ("ssl_key_file", "/etc/x", "a place"),
        ("temp_tablespaces", "x", "a place"),
    ],
)
def test_what_names_a_program_a_library_a_place_or_an_address_is_told(name, text, kind):
    assert found(**{name: text}) == [f"{name}, which names {kind}"]


@pytest.mark.parametrize("text", ["id", "/tmp/x", "$libdir/x", "1 ; id", "10XYZW", ""])
@pytest.mark.parametrize("name", ["plperl.on_init", "output_plugin_libraries"])
def test_a_text_for_what_postgresql_15_does_not_know_is_told(name, text):
    assert found(**{name: text}) == [f"{name}, a text that only an extension or another PostgreSQL understands"]


@pytest.mark.parametrize("text", ["16", "-1", "1.5", "64MB", "10 ms", "on", "false"])
def test_a_number_or_a_switch_names_nothing(text):
    assert found(**{"timescaledb.max_background_workers": text, "work_mem": text, "autovacuum": text}) == []


def test_a_default_reaches_nowhere_new():
    assert found(log_destination="stderr", shared_preload_libraries="", bonjour="off") == []


def test_every_parameter_of_text_was_looked_at():
    of_text = {name for name, rows in rows_by_name().items() if rows[-1].kind == "string"}
    unlooked = [name for name in of_text - WORDS if not found(**{name: "never a default"})]
    assert unlooked == []
    assert of_text >= WORDS
    assert all("understands" not in each for name in of_text - WORDS for each in found(**{name: "x"}))


def test_all_that_is_listed_is_a_parameter_of_a_major():
    assert _kinds().keys() <= rows_by_name().keys()
    assert set(_kinds().values()) == {"program", "library", "place", "address"}


def test_no_variant_that_we_bring_reaches_anywhere():
    machine, harness = Machine(Hardware(ram_mb=16384, cores=4, disk="nvme", disk_gb=500)), harness_for(200, tls=False)
    for name in variant_names():
        [variant] = variants_for([name], machine, 200, harness, "18").values()
        assert list(reaching(texts(variant))) == []


def test_the_refusal_names_variant_setting_and_what_would_do():
    with pytest.raises(UsageError, match="its variant x was not made here and sets archive_command, which names a"):
        refuse_reaching({"work_mem": "1MB", "archive_command": "id"}, "Plan p: its variant x")
