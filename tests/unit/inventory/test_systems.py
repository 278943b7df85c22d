"""The table of systems: one entry is all that another system takes."""

from typing import Any

import pytest
import yaml

from bench.probes.system_packages import table
from tests.unit.inventory.modules import load
from tests.unit.inventory.shell import CHECKOUT, ROLES

SYSTEMS: dict[str, dict[str, Any]] = yaml.safe_load((ROLES / "host/vars/systems.yml").read_text())["host_systems"]


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_entry_says_what_is_used_of_a_system(system: str) -> None:
    entry = SYSTEMS[system]
    assert {name: type(value) for name, value in entry.items()} == {
        "name": str,
        "suite": str,
        "python": str,
        "postgresql": int,
        "tested": bool,
    }
    assert entry["name"].casefold() == system


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_machine_that_measures_itself_has_the_same_postgresql(system: str) -> None:
    assert table()[system]["server"] == f"postgresql-{SYSTEMS[system]['postgresql']}"


def test_who_reads_which_systems_are_supported_reads_which_are_not_tested() -> None:
    told = load("filter", "pgladder").pgladder_systems(SYSTEMS)
    assert told == "Debian 12, Debian 13, Ubuntu 24.04 (not tested) and Ubuntu 26.04 (not tested)"
    assert load("filter", "pgladder").pgladder_systems({"a 1": {"name": "A 1", "tested": True}}) == "A 1"


def test_no_task_of_the_role_names_a_system_or_a_version_that_the_table_has() -> None:
    words = {word for entry in SYSTEMS.values() for word in (entry["name"], entry["suite"], entry["python"])}
    files = [*(ROLES / "host").glob("tasks/*.yml"), *(ROLES / "host").glob("files/*"), ROLES / "host/vars/main.yml"]
    named = [(file.name, word) for file in files for word in words if word in file.read_text()]
    assert named == []
    assert "debian 12" not in (CHECKOUT / "bench/doctor/checks.py").read_text().casefold()
