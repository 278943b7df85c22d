"""Variants swapped on a real PostgreSQL: checked before, proved after, the last good one put back on failure."""

from contextlib import closing

import pytest

from bench.engines.postgresql import parameters as tuning_parameters
from bench.engines.postgresql import swap
from bench.engines.postgresql.binaries import build_of, find_binaries
from bench.engines.postgresql.parameters import parameters
from bench.engines.postgresql.render import as_variant, effect_of, texts, variant_names
from bench.engines.postgresql.session import DriftError, VariantError
from bench.engines.postgresql.staging import Staging
from bench.engines.postgresql.variants import harness_for, this_machine, variants_for
from tests.builders import FROM_18_ON
from tests.examples import one_of
from tests.integration.support import BRIEF, SMALL, CopiedServer, climbing

HARNESS = harness_for(40, tls=False)
MAJOR = build_of(find_binaries()).major
STOCK = as_variant("stock", "# PostgreSQL 15 as it comes.\n")
LAST_GOOD = as_variant("last-good", "work_mem = 5MB\nwal_buffers = 1MB\n")
STARTED = {
    "async-commit",
    "big-wal",
    "huge-pages",
    "pgtune-oltp",
    "pigsty-crit",
    "shared-buffers-25",
    "timescaledb-tune",
    "wal-compression",
}
"""Started by `make test`, the others by `make test-slow`; servers of other majors read each (``test_majors``)."""


@pytest.fixture(scope="module")
def server(new_place):
    """A private server with one variant in force."""
    made = CopiedServer(new_place() / "data", find_binaries())
    try:
        made.create(HARNESS, tls=False)
        made.apply(STOCK)
        yield made
    finally:
        made.close()


@pytest.fixture
def good(server):
    """The server with the last good variant in force; it still must be when the test ends."""
    server.apply(LAST_GOOD)
    yield server
    assert ask(server, "SELECT setting FROM pg_settings WHERE name IN ('work_mem', 'wal_buffers')") == ["128", "5120"]
    assert ask(server, "SELECT count(*) FROM pg_settings WHERE pending_restart") == [0]


def ask(server, statement):
    with closing(server.session()) as session:
        return sorted(value for (value,) in session.rows(statement))


def started(server):
    return ask(server, "SELECT pg_postmaster_start_time()")


def refusal(server, text, name="bad"):
    with pytest.raises(VariantError) as refused:
        server.apply(as_variant(name, text))
    return str(refused.value)


def unquoted(text):
    """From 17 on PostgreSQL puts names of parameters in quotes."""
    return text.replace('"', "")


# --- what is built in ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in STARTED else pytest.mark.slow)
        for name in sorted(set(variant_names()) - FROM_18_ON)
    ],
)
def test_every_built_in_variant_is_started_and_proved_or_refused_with_its_reason(server, name):
    machine = this_machine(server.data_directory())
    variant = variants_for([name], machine, 40, HARNESS, MAJOR)[name]
    try:
        server.check(variant)
    except VariantError as error:
        reason = str(error)
        assert reason.startswith(f"variant {name}: ")
        assert any(why in reason for why in ("huge_pages = on: ", "max_wal_size = ", "shared_buffers = "))
        return
    server.apply(variant)
    asked = "SELECT lower(name) FROM pg_settings WHERE sourcefile LIKE '%/pgladder/20-variant.conf'"
    assert set(ask(server, asked)) == {name for name in texts(variant) if name in parameters(MAJOR)}


def test_what_is_known_of_parameters_is_what_this_server_says(server):
    with closing(server.session()) as session:
        rows = session.rows(
            "SELECT lower(name), vartype, coalesce(unit, ''), coalesce(boot_val, ''), coalesce(min_val, ''),"
            " coalesce(max_val, ''), coalesce(array_to_string(enumvals, ','), '') FROM pg_settings"
            " WHERE context <> 'internal' AND position('.' IN name) = 0"
        )
    known = {name: (p.kind, p.unit, p.default, p.least, p.most, p.choices) for name, p in parameters(MAJOR).items()}
    said = {name: tuple(rest) for name, *rest in rows}  # a later minor release may have parameters more
    assert {name: said.get(name) for name in known} == known


def test_a_parameter_that_the_table_of_names_lacks_is_judged_by_the_server(good, monkeypatch):
    lacking = {name: each for name, each in parameters(MAJOR).items() if name != "vacuum_cost_limit"}
    monkeypatch.setattr(tuning_parameters, "parameters", lambda _version: lacking)
    monkeypatch.setattr(tuning_parameters, "rows_by_name", lambda: {name: [each] for name, each in lacking.items()})
    with pytest.raises(VariantError, match='invalid value for parameter "vacuum_cost_limit": "many"'):
        good.apply(as_variant("bad", "vacuum_cost_limit = many\n"))
    newer = as_variant("newer", "vacuum_cost_limit = 300\nwal_buffers = 1MB\n")
    assert effect_of(newer, huge_page_bytes=None)["vacuum_cost_limit"] == "300"
    good.apply(newer)
    assert ask(good, "SELECT current_setting('vacuum_cost_limit')") == ["300"]
    good.apply(LAST_GOOD)


# --- restart or reload -----------------------------------------------------------------------------------------------


def test_where_no_parameter_needs_a_restart_the_files_are_only_read_again(good):
    before = started(good)
    good.apply(as_variant("reloaded", "work_mem = 7MB\nwal_buffers = 1MB\nmax_wal_size = 2GB\n"))
    assert ask(good, "SELECT current_setting('work_mem') || current_setting('max_wal_size')") == ["7MB2GB"]
    good.apply(LAST_GOOD)
    assert ask(good, "SELECT current_setting('max_wal_size')") == ["1GB"]
    assert started(good) == before


def test_a_parameter_that_needs_a_restart_gets_one_also_when_it_goes(good):
    before = started(good)
    good.apply(as_variant("gone", "work_mem = 5MB\n"))
    assert started(good) != before
    assert ask(good, "SELECT current_setting('wal_buffers')") == ["4MB"]
    good.apply(LAST_GOOD)


def test_a_variant_in_force_is_left_alone(good):
    before = started(good)
    good.apply(LAST_GOOD)
    assert started(good) == before


# --- what is refused before it is applied ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("wrk_mem = 1MB", 'unrecognized configuration parameter "wrk_mem" line 1; did you mean work_mem?'),
        ("jit = off\nwork_mem = 1XB", 'invalid value for parameter "work_mem": "1XB" (Valid units'),
        ("work_mem = 1kB", '1 kB is outside the valid range for parameter "work_mem" (64 '),
        ("max_wal_senders = 5\nwal_level = minimal", "WAL streaming (max_wal_senders > 0) requires wal_level "),
        ("shared_buffers = 7TB", "shared_buffers = 7TB: with it PostgreSQL takes "),
        ("max_wal_size = 1000TB", "max_wal_size = 1000TB: so much is not free, "),
        ("min_wal_size = 1000TB", "min_wal_size = 1000TB: so much is not free, "),
        ("max_connections = 10", "it sets max_connections, which the harness owns"),
        ("data_directory = '/'", "it sets data_directory, which the harness owns"),
        ("jit = off\njit = on", "its text, line 2: jit is set twice."),
        ("shared_preload_libraries = 'pg_stat_statements, nope'", "there is no library nope in /"),
        ("session_preload_libraries = nope", "session_preload_libraries = nope: there is no library nope in /"),
    ],
)
def test_what_cannot_be_is_refused_while_the_server_runs_on(good, text, why):
    before = started(good)
    said = refusal(good, text)
    assert said.startswith("variant bad: ")
    assert unquoted(why) in unquoted(said)
    assert refusal(good, text) == said
    assert started(good) == before


def test_wal_that_the_disk_cannot_hold_beside_the_rows_is_refused(good):
    kept = as_variant("kept", "max_wal_size = 64MB\nmin_wal_size = 32MB\n")
    with pytest.raises(
        VariantError, match=r"max_wal_size = 64MB: WAL and rows may take 1000000\.0 GB, and [\d.]+ GB are"
    ):
        good.check(kept, 10**15)
    assert "WAL and rows may take" in refusal(good, kept.text, kept.name)
    good.check(as_variant("other", kept.text))


def test_huge_pages_that_are_not_set_aside_are_refused(good):
    why = refusal(good, "huge_pages = on\nshared_buffers = 8GB\n")
    assert "huge pages, and " in why or "shared_buffers = 8GB" in why


def test_a_library_that_is_there_is_loaded(server):
    server.apply(
        as_variant("loaded", "shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.max = 100\n")
    )
    assert ask(server, "SELECT current_setting('pg_stat_statements.max')") == ["100"]


def test_an_arm_that_has_no_text_as_its_formula_has_nothing_is_refused_also_under_that_same_text(server):
    server.apply(as_variant("empty", ""))
    unfit = as_variant("unfit", "", "it takes no memory under 512 MB")
    for _ in range(2):
        with pytest.raises(VariantError, match=r"^variant unfit: it takes no memory under 512 MB$"):
            server.apply(unfit)


# --- what fails when it is applied -----------------------------------------------------------------------------------


def test_a_variant_that_keeps_postgresql_from_starting_leaves_the_last_good_one_in_force(good):
    why = refusal(good, "wal_buffers = 1MB\nunix_socket_group = 'there-is-no-such-group'\n", "unstartable")
    assert why.startswith("variant unstartable: PostgreSQL did not start: ")
    assert why.endswith("; what changed: unix_socket_group")


def test_what_was_refused_once_is_not_tried_again_and_the_server_runs_on(good, monkeypatch):
    text = "wal_buffers = 1MB\nunix_socket_group = 'nor-is-there-this-group'\n"
    first, before = refusal(good, text), started(good)
    with monkeypatch.context() as trying:
        trying.setattr(Staging, "check", lambda *_: pytest.fail("it was tried out again"))
        assert refusal(good, text) == first
    assert started(good) == before


def test_a_setting_that_somebody_altered_is_named_before_it_is_in_force_and_with_whatever_variant(good):
    with closing(good.session()) as session:
        session.run("ALTER SYSTEM SET jit = on")
        try:
            for variant in (LAST_GOOD, STOCK):
                with pytest.raises(DriftError, match=r"^jit: changed by ALTER SYSTEM$"):
                    good.apply(variant)
        finally:
            session.run("ALTER SYSTEM RESET jit")


def test_a_setting_that_another_file_overrides_is_not_called_in_force(good):
    base = good.data_directory() / "postgresql.conf"
    text = base.read_text()
    base.write_text(f"{text}jit = on\n")
    try:
        why = refusal(good, "jit = off\nwal_buffers = 1MB\n", "overridden")
    finally:
        base.write_text(text)
    line = text.count("\n") + 1
    assert why == f"variant overridden: jit = off: in force is on from {base}, line {line}"


EXPLAINING = "shared_preload_libraries = 'auto_explain'\nwal_buffers = 1MB\nauto_explain."


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("log_min_durationn = 3s", "auto_explain.log_min_durationn = 3s: this server has no such parameter"),
        *one_of(
            ("log_min_duration = bogus", "auto_explain.log_min_duration = bogus: in force is -1 of ms from default"),
            ("sample_rate = some", "auto_explain.sample_rate = some: in force is 1 from default"),
            ("log_analyze = perhaps", "auto_explain.log_analyze = perhaps: in force is off from default"),
            ("log_format = prose", "auto_explain.log_format = prose: in force is text from default"),
        ),
    ],
)
def test_what_an_extension_does_not_take_is_refused_and_the_last_good_variant_is_put_back(good, text, why):
    assert refusal(good, EXPLAINING + text) == f"variant bad: {why}"


@pytest.mark.parametrize(
    ("text", "shown"),
    one_of(
        ("log_min_duration = 3000", "3s"),
        ("sample_rate = .5", "0.5"),
        ("log_analyze = YES", "on"),
        ("log_format = JSON", "json"),
    ),
)
def test_what_an_extension_takes_is_in_force_in_whatever_words(server, text, shown):
    server.apply(as_variant("explained", EXPLAINING + text))
    assert ask(server, f"SHOW auto_explain.{text.partition(' ')[0]}") == [shown]


def test_a_variant_under_which_no_commit_returns_is_refused_within_seconds(good, monkeypatch):
    monkeypatch.setattr(swap, "COMMIT_TIMEOUT_S", 5)
    why = refusal(good, "wal_buffers = 1MB\nsynchronous_standby_names = '*'\n", "waiting")
    assert why == "variant waiting: a commit took over 5 s; synchronous_standby_names = '*'"


def test_a_variant_that_lets_nobody_write_is_refused(good):
    why = refusal(good, "wal_buffers = 1MB\ndefault_transaction_read_only = on\n", "read-only")
    assert "in a read-only transaction" in why


def test_the_first_variants_of_all_may_fail_to_start_or_to_commit_within_seconds_and_the_next_one_starts(
    new_place, monkeypatch
):
    monkeypatch.setattr(swap, "COMMIT_TIMEOUT_S", 5)
    made = CopiedServer(new_place() / "data", find_binaries())
    try:
        made.create(HARNESS, tls=False)
        why = refusal(made, "unix_socket_group = 'there-is-no-such-group'\n")
        assert why.endswith("could not create any Unix-domain sockets; what changed: unix_socket_group")
        why = refusal(made, "synchronous_standby_names = '*'\n")
        assert why.endswith(": a commit took over 5 s; synchronous_standby_names = '*'")
        made.apply(STOCK)
        assert ask(made, "SELECT current_setting('unix_socket_group')") == [""]
        assert ask(made, "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgladder'") == [1]
    finally:
        made.close()


# --- a run -----------------------------------------------------------------------------------------------------------


def test_a_run_goes_on_with_the_other_arms_and_says_which_was_refused(place):
    if this_machine(place).huge_page_bytes:
        pytest.skip("huge pages are set aside here")
    asked = ["--phases", "2-C", "--variants", "huge-pages pgtune-web", *BRIEF, *SMALL, "--blocks", 1]
    with climbing(place, *asked) as climb:
        ended = climb.end()
    records = climb.records()
    assert ended.code == 1
    assert sorted(record.trial.variant for record in records if record.validity.state == "void") == ["huge-pages"]
    for record in records:
        reasons = {reason.code: reason.detail for reason in record.validity.reasons}
        if record.trial.variant == "huge-pages":
            assert reasons["refused"].startswith("refused: variant huge-pages: huge_pages = on: it takes ")
        else:
            assert record.rows > 0
    assert "1 of 2 trials void, trial" in ended.out
