"""The formulas against what the original tools gave.

``vectors/<tool>.json`` are runs with the tools' defaults; ``vectors/options-<tool>.json`` have random inputs and every
option, ``vectors/majors-<tool>.json`` every other major of PostgreSQL.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.engines.postgresql.units import in_base_units
from bench.tuning import pgtune, pigsty, timescaledb_tune
from bench.tuning.formulas import tune
from bench.tuning.hardware import Hardware
from bench.tuning.settings import Setting

VECTORS = Path(__file__).parent / "vectors"


def load(name: str) -> dict[str, Any]:
    return json.loads((VECTORS / f"{name}.json").read_text())


def hardware(vector: dict[str, Any], **changes: Any) -> Hardware:
    figures = vector.get("hardware", vector)
    disk = figures.get("disk_kind") or figures["disk"]
    figures = {"ram_mb": figures["ram_mb"], "cores": figures["cores"], "disk": disk, "disk_gb": figures["disk_gb"]}
    return Hardware(**figures | changes)


def pairs(settings: tuple[Setting, ...]) -> list[tuple[str, str]]:
    return [(setting.name, setting.text) for setting in settings]


@pytest.mark.parametrize("vector", load("pgtune")["vectors"], ids=lambda vector: vector["id"])
def test_pgtune_is_matched_text_for_text_and_in_order(vector):
    box = hardware(vector, disk=vector["options"]["hd_type"])
    assert pairs(tune(f"pgtune-{vector['profile']}", box)) == list(vector["settings"].items())


@pytest.mark.parametrize("vector", load("pigsty")["vectors"], ids=lambda vector: vector["id"])
def test_pigsty_is_matched_text_for_text_and_in_order(vector):
    assert pairs(tune(f"pigsty-{vector['profile']}", hardware(vector))) == list(vector["settings"].items())


@pytest.mark.parametrize("vector", load("timescaledb-tune")["vectors"], ids=lambda vector: vector["id"])
def test_timescaledb_tune_is_matched_text_for_text_and_in_order(vector):
    disk_gb = vector["hardware"]["disk_gb"] if vector["options"]["wal_disk_size"] else None
    found = timescaledb_tune.settings("default", hardware(vector), wal_disk_gb=disk_gb)
    assert pairs(found) == list(vector["settings"].items())
    if disk_gb is None:
        assert tune("timescaledb-tune", hardware(vector)) == found


@pytest.mark.parametrize("of", ["options", "majors"])
@pytest.mark.parametrize("tool", [pgtune, pigsty, timescaledb_tune], ids=lambda tool: tool.__name__)
def test_every_option_and_major_of_a_tool_is_matched_on_random_hardware(tool, of):
    for vector in load(f"{of}-{tool.__name__.rpartition('.')[2].replace('_', '-')}")["vectors"]:
        options = vector["options"]
        if "libraries" in options:
            options["libraries"] = frozenset(options["libraries"])
        found = tool.settings(vector["profile"], hardware(vector), vector["connections"], **options)
        assert pairs(found) == list(vector["settings"].items()), vector


BASE_UNITS = {"kB": "kB", "ms": "ms", "count": "", "float": ""}


@pytest.mark.parametrize("name", ["pgtune", "pigsty", "timescaledb-tune"])
def test_the_units_of_every_text_are_read_as_the_vectors_say(name):
    reference = load(name)
    for vector in reference["vectors"]:
        for setting, value in vector["normalised"].items():
            base = BASE_UNITS.get(reference["normalised_units"][setting])
            if base is None or setting == "autovacuum_naptime":  # texts of enums; a time whose base is the second
                continue
            found = in_base_units(vector["settings"][setting], base, integer=False)
            assert float(found) == value, setting
