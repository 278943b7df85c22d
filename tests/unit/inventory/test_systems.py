"""The table of systems: one line is all that another system takes."""

import os
import platform
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from bench.doctor.checks import Box, examine
from bench.probes import system_packages
from bench.probes.system_packages import how_to_install, known
from tests.unit.doctor.test_checks import HEALTHY
from tests.unit.inventory.modules import load
from tests.unit.inventory.shell import CHECKOUT, ROLES

SYSTEMS: dict[str, dict[str, Any]] = known()["systems"]
TOY = (
    '"debian 99" = {name = "Debian 99", suite = "zurg", python = "3.13", postgresql = 18, engines = [], tested = true}'
)
BOX = {"system": "debian 99", "system_name": "Debian GNU/Linux 99 (zurg)", "suite": "zurg", "free_mb": "90000"}
BOX |= {"architecture": "x86_64", "container": "lxc", "schedulers": "", "disks": ""}


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_entry_says_what_is_used_of_a_system(system: str) -> None:
    entry = SYSTEMS[system]
    assert {name: type(value) for name, value in entry.items()} == {
        "name": str,
        "suite": str,
        "python": str,
        "postgresql": int,
        "engines": list,
        "tested": bool,
    }
    assert entry["name"].casefold() == system
    engines = yaml.safe_load((ROLES / "host/vars/main.yml").read_text())["__host_engines"]
    assert set(entry["engines"]) <= set(engines)


def test_the_first_system_is_one_that_is_tested() -> None:
    assert next(iter(SYSTEMS.values()))["tested"]


def test_who_reads_which_systems_are_supported_reads_which_are_not_tested() -> None:
    told = load("filter", "pgladder").pgladder_systems
    a, b, c = ({"name": name, "tested": tested} for name, tested in (("A 1", True), ("B 2", False), ("C 3", True)))
    assert told({"a 1": a, "b 2": b, "c 3": c}) == "A 1, B 2 (not tested) and C 3"
    assert told({"a 1": a}) == "A 1"
    for entry in SYSTEMS.values():
        assert entry["name"] in told(SYSTEMS)


def test_nothing_that_works_by_the_table_names_a_system_of_it() -> None:
    """What a comment says of one (an example, where a number was measured) is no condition."""
    words = {word for entry in SYSTEMS.values() for word in (entry["name"], entry["suite"])} | SYSTEMS.keys()
    words |= {system.replace(" ", "") for system in SYSTEMS}
    files = [*ROLES.glob("*/tasks/*.yml"), *ROLES.glob("*/vars/*.yml"), *ROLES.glob("*/meta/main.yml")]
    files += [*ROLES.glob("*/files/*.sh"), *ROLES.glob("*/templates/*"), *(CHECKOUT / "playbooks").glob("*.yml")]
    files += [CHECKOUT / ".ci/run", CHECKOUT / "bench/doctor/checks.py", CHECKOUT / "bench/probes/system_packages.py"]
    named = [
        (file.name, word, line)
        for file in files
        for line in file.read_text().splitlines()
        for word in words
        if word.casefold() in line.partition("#")[0].casefold()
    ]
    # A box that an earlier release made does not say what it is.
    assert [each for each in named if each[:2] != ("minipc.sh", "debian12")] == []


# --- another system ---------------------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a checkout whose table has one line more, and by which this process goes."""
    (tmp_path / "bench/probes").mkdir(parents=True)
    text = system_packages.TABLE.read_text()
    [after] = [line for line in text.splitlines() if line.startswith('"debian 13" ')]
    table = tmp_path / "bench/probes/systems.toml"
    table.write_text(text.replace(after, f"{after}\n{TOY}"))
    monkeypatch.setattr(system_packages, "TABLE", table)
    return tmp_path


@pytest.fixture
def templar(checkout: Path) -> Templar:
    """Return Ansible's own templates of the roles of that checkout, for a box of the new system."""
    variables: dict[str, Any] = {}
    for role in ("host", "postgresql", "timescaledb", "clickhouse", "virtual_minipc"):
        for folder in ("defaults", "vars"):
            file = ROLES / role / folder / "main.yml"
            variables |= DataLoader().load_from_file(str(file), trusted_as_template=True)
    variables |= {"role_path": str(checkout / "roles/host"), "playbook_dir": str(checkout / "playbooks")}
    variables |= {"host_probe": BOX, "inventory_hostname": "n1", "lab_system": "debian99", "host_roles": ""}
    return Templar(DataLoader(), variables=variables)


def said(templar: Templar, text: str) -> Any:
    return templar.template(trust_as_template(text))


def task(role: str, file: str, name: str) -> dict[str, Any]:
    tasks = yaml.safe_load((ROLES / role / "tasks" / file).read_text())
    [found] = [each for each in tasks if each["name"] == name]
    return dict(found)


def test_provisioning_takes_it_and_its_own_postgresql(templar: Templar) -> None:
    assert (said(templar, "{{ __host_unfit }}") or "").strip() == ""
    find = task("host", "reach.yml", "Find its system in the table")["ansible.builtin.set_fact"]["host_system"]
    system = said(templar, find)
    assert system == {"name": "Debian 99", "suite": "zurg", "python": "3.13", "postgresql": 18} | {
        "engines": [],
        "tested": True,
    }
    templar.available_variables = {**templar.available_variables, "host_system": system}
    assert said(templar, "{{ postgresql_version }}") == 18
    source = (ROLES / "postgresql/templates/pgdg.sources.j2").read_text()
    [suites] = [line for line in source.splitlines() if line.startswith("Suites:")]
    assert said(templar, suites) == "Suites: zurg-pgdg"
    asked = {"clickhouse_source": "debian", "postgresql_majors": ["18"]}
    templar.available_variables = {**templar.available_variables, **asked}
    assert "Debian 99 has no package of ClickHouse" in said(templar, "{{ __clickhouse_wrong }}")
    assert "Debian 99 has no package of TimescaleDB for PostgreSQL 18" in said(templar, "{{ __timescaledb_wrong }}")


def test_a_system_that_is_in_no_line_is_refused_and_the_new_one_named_among_those_that_are(templar: Templar) -> None:
    templar.available_variables = {**templar.available_variables, "host_probe": BOX | {"system": "debian 98"}}
    assert "runs debian 98; pgladder supports Debian 12, Debian 13, Debian 99" in said(templar, "{{ __host_unfit }}")


def test_the_doctor_takes_it(templar: Templar) -> None:
    table = task("host", "examine.yml", "Report what it said, and when")["vars"]["table"]
    told = {key: said(templar, value) for key, value in table.items()}
    box = Box("n1", HEALTHY | BOX, systems=told["systems"], processors=told["processors"])
    [found] = [each for each in examine(box, "abc") if each.check == "system"]
    assert (found.grade, found.detail) == ("ok", "Debian GNU/Linux 99 (zurg)")


def test_a_virtual_mini_pc_can_have_it(templar: Templar) -> None:
    assert (said(templar, "{{ __virtual_minipc_wrong }}") or "").strip() == ""
    asked = said(templar, "{{ __virtual_minipc_environment }}")
    assert (asked["SYSTEM"], asked["SUITE"]) == ("debian99", "zurg")
    assert asked["BASE"].endswith("/zurg")
    templar.available_variables = {**templar.available_variables, "lab_system": "debian98"}
    assert "there are: debian12, debian13, debian99" in said(templar, "{{ __virtual_minipc_wrong }}")
    templar.available_variables = {**templar.available_variables, "lab_system": ""}
    assert said(templar, "{{ virtual_minipc_system }}") == "debian12"


@pytest.mark.usefixtures("checkout")
def test_a_machine_that_runs_it_is_told_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "debian", "VERSION_ID": "99"})
    assert how_to_install("server", "openssl") == "apt-get install postgresql-18 openssl"


@pytest.mark.skipif(os.geteuid() != 0, reason="pristine systems take root")
def test_all_tests_are_run_on_it(checkout: Path) -> None:
    mine, fresh = checkout / "mine", checkout / "shared/tools/fresh-machine"
    shutil.copytree(checkout / "bench", mine / "bench")
    (mine / ".ci").mkdir()
    shutil.copy(CHECKOUT / ".ci/run", mine / ".ci/run")
    fresh.parent.mkdir(parents=True)
    fresh.write_text('#!/bin/sh\necho "$@"\n')
    fresh.chmod(fresh.stat().st_mode | stat.S_IXUSR)

    def told(*words: str) -> list[str]:
        return subprocess.run(
            [mine / ".ci/run", *words], capture_output=True, text=True, check=True
        ).stdout.splitlines()

    tested = [entry["suite"] for entry in known()["systems"].values() if entry["tested"]]
    first, *others = tested
    assert told("matrix") == [f"--suite {suite} make test" for suite in (*others, first)]
    assert told() == [*(f"--suite {suite} make unit" for suite in others), f"--suite {first} make test"]
    assert "zurg" in others
