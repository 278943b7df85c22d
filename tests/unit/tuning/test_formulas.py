"""What holds on any hardware, and the edges of each formula."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.engines.postgresql.units import in_base_units
from bench.model.errors import DataError, HostError, UsageError
from bench.tuning import pgtune, pigsty, timescaledb_tune
from bench.tuning.formulas import FORMULAS, tune
from bench.tuning.hardware import DISKS, Hardware

N100 = Hardware(ram_mb=15795, cores=4, disk="nvme", disk_gb=512)
BOXES = st.builds(
    Hardware,
    ram_mb=st.integers(512, 2_000_000),
    cores=st.integers(1, 512),
    disk=st.sampled_from(DISKS),
    disk_gb=st.integers(1, 20_000),
)
COUNTS = st.none() | st.integers(25, 5000)
SIZES = ("shared_buffers", "effective_cache_size", "maintenance_work_mem", "work_mem", "wal_buffers", "max_wal_size")


def values(found):
    return {setting.name: setting.text for setting in found}


def kb(found, name):
    return int(in_base_units(values(found)[name], "kB"))


@given(box=BOXES, count=COUNTS, name=st.sampled_from(list(FORMULAS)))
@settings(max_examples=150, derandomize=True, deadline=None)
def test_every_formula_is_complete_and_derived_on_any_hardware(box, count, name):
    found = tune(name, box, count)
    assert len(values(found)) == len(found)
    assert all(setting.text and setting.derivation for setting in found)
    assert values(found)["max_connections"] == str(count or values(tune(name, box))["max_connections"])
    assert all(kb(found, size) > 0 for size in SIZES)
    assert kb(found, "min_wal_size") <= kb(found, "max_wal_size")
    assert kb(found, "shared_buffers") <= box.ram_mb * 1024 // 4 + 1024


@given(box=BOXES, more=st.integers(1, 4096), name=st.sampled_from(list(FORMULAS)))
@settings(max_examples=100, derandomize=True, deadline=None)
def test_more_memory_never_means_smaller_buffers(box, more, name):
    larger = replace(box, ram_mb=box.ram_mb + more)
    for size in ("shared_buffers", "effective_cache_size"):
        # timescaledb-tune drops up to a thousandth of the unit when it writes a size.
        assert kb(tune(name, larger, 100), size) * 1.001 >= kb(tune(name, box, 100), size)


@given(box=BOXES, count=st.integers(25, 5000), name=st.sampled_from(list(FORMULAS)))
@settings(max_examples=100, derandomize=True, deadline=None)
def test_more_connections_never_mean_more_work_mem(box, count, name):
    assert kb(tune(name, box, count + 1), "work_mem") <= kb(tune(name, box, count), "work_mem") * 1.001


def test_the_published_example_of_work_mem_is_derived_in_words():
    work_mem = next(setting for setting in tune("pgtune-oltp", N100, 300) if setting.name == "work_mem")
    assert str(work_mem) == "work_mem = 13301kB: (RAM − shared_buffers) ÷ ((300 connections + 4 workers) × 3)"


def test_three_tools_round_the_same_quarter_of_memory_three_ways():
    names = ("pgtune-oltp", "pigsty-oltp", "timescaledb-tune")
    assert [values(tune(name, N100))["shared_buffers"] for name in names] == ["4043520kB", "3949MB", "3948MB"]


def test_pgtune_gives_two_cores_less_work_mem_than_four():
    assert kb(pgtune.settings("web", replace(N100, cores=2)), "work_mem") < kb(pgtune.settings("web", N100), "work_mem")


def test_pgtune_applies_its_work_mem_floor_last():
    small = replace(N100, ram_mb=512)
    work_mem = next(s for s in pgtune.settings("oltp", small, database_size="less_ram") if s.name == "work_mem")
    assert work_mem.text == "4MB"
    assert "gives 560kB; at least 4MB" in work_mem.derivation


@pytest.mark.parametrize(
    ("ram_mb", "text"), [(1820, "13977kB"), (1866, "14330kB"), (1867, "16MB"), (2133, "16MB"), (2134, "16MB")]
)
def test_pgtune_makes_wal_buffers_16_mb_from_just_above_14(ram_mb, text):
    assert values(pgtune.settings("web", replace(N100, ram_mb=ram_mb)))["wal_buffers"] == text


def test_pgtune_leaves_wal_buffers_of_just_14_mb_alone():
    assert values(pgtune.settings("desktop", replace(N100, ram_mb=7467)))["wal_buffers"] == "14MB"


def test_pgtune_caps_autovacuum_memory_only_from_2_gb_of_maintenance_work_mem():
    assert "autovacuum_work_mem" not in values(pgtune.settings("web", replace(N100, ram_mb=32767)))
    assert values(pgtune.settings("web", replace(N100, ram_mb=32768)))["autovacuum_work_mem"] == "2GB"


def test_timescaledb_tune_keeps_the_tools_floating_point():
    box = replace(N100, ram_mb=6208, cores=1)
    assert values(timescaledb_tune.settings("default", box, 97))["work_mem"] == "25599kB"


def test_timescaledb_tune_rounds_half_the_cores_up_and_skips_parallel_settings_on_one():
    assert values(tune("timescaledb-tune", replace(N100, cores=5)))["max_parallel_workers_per_gather"] == "3"
    assert "max_worker_processes" not in values(tune("timescaledb-tune", replace(N100, cores=1)))


@pytest.mark.parametrize(
    ("ram_mb", "connections", "locks"),
    [
        (2048, "25", "128"),
        (2049, "50", "128"),
        (6144, "75", "128"),
        (6145, "100", "128"),
        (8191, "100", "128"),
        (8192, "100", "256"),
        (16384, "100", "512"),
        (32767, "100", "512"),
        (32768, "100", "1024"),
    ],
)
def test_timescaledb_tunes_steps_include_their_thresholds(ram_mb, connections, locks):
    found = values(tune("timescaledb-tune", replace(N100, ram_mb=ram_mb)))
    assert (found["max_connections"], found["max_locks_per_transaction"]) == (connections, locks)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (1, "1kB"),
        (1535, "1kB"),
        (1536, "2kB"),
        (1 << 20, "1MB"),
        ((1 << 20) + 1048, "1MB"),
        ((1 << 20) + 1049, "1025kB"),
        (4000 << 20, "4000MB"),
        ((4 << 30) + (1 << 20), "4GB"),
        ((4 << 30) + (2 << 20), "4098MB"),
        (3 << 40, "3TB"),
    ],
)
def test_timescaledb_tune_writes_sizes_one_unit_down_when_a_thousandth_is_left(count, text):
    assert timescaledb_tune._size(count) == text


def test_pigsty_ignores_fewer_than_20_connections_and_says_so():
    first = pigsty.settings("oltp", N100, 19)[0]
    assert (first.text, "19 were asked" in first.derivation) == ("500", True)
    assert pigsty.settings("oltp", N100, 20)[0].text == "20"


@pytest.mark.parametrize(("disk_gb", "most"), [(1, "4GB"), (20, "4GB"), (21, "8GB"), (2000, "400GB"), (9000, "400GB")])
def test_pigsty_takes_whole_twentieths_of_the_disk_up_to_100_gb(disk_gb, most):
    assert values(pigsty.settings("oltp", replace(N100, disk_gb=disk_gb)))["max_wal_size"] == most


def test_pigsty_leaves_io_costs_to_the_server_on_a_spinning_disk():
    assert "random_page_cost" not in values(pigsty.settings("oltp", replace(N100, disk="hdd")))


def test_pigsty_on_one_tiny_core_still_has_a_parallel_worker():
    found = values(pigsty.settings("tiny", replace(N100, cores=1)))
    assert (found["max_parallel_workers"], found["max_parallel_maintenance_workers"]) == ("1", "1")


@pytest.mark.parametrize(
    ("name", "box", "count", "kind", "says"),
    [
        ("pgtune-web", replace(N100, ram_mb=511), None, HostError, "512 MB"),
        ("pgtune-web", N100, 19, UsageError, "fewer than 20 connections"),
        ("timescaledb-tune", N100, 24, UsageError, "fewer than 25 connections"),
        ("pgtune-warehouse", N100, None, DataError, "no formula is called 'pgtune-warehouse'; there are pgtune-web"),
    ],
)
def test_what_a_tool_refuses_is_refused_in_a_sentence(name, box, count, kind, says):
    with pytest.raises(kind, match=says):
        tune(name, box, count)


def test_too_few_background_workers_are_refused():
    with pytest.raises(UsageError, match="fewer than 16 background workers"):
        timescaledb_tune.settings("default", N100, background_workers=15)


def test_timescaledb_tune_says_of_each_value_that_follows_memory_that_it_is_whole_mb():
    for ram_mb in (1000, 6208, 15795):
        few, more = (tune("timescaledb-tune", replace(N100, ram_mb=each)) for each in (ram_mb, ram_mb + 8))
        follow = [one for one, other in zip(few, more, strict=True) if one.text != other.text]
        assert len(follow) >= 3
        assert [each.name for each in follow if "RAM in whole MB" not in each.derivation] == []
