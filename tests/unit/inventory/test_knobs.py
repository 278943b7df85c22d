from pathlib import Path

import yaml

CHECKOUT = Path(__file__).parents[3]
ROLES = ("host", "postgresql", "timescaledb", "citus", "clickhouse", "replica", "client", "bench")


def _read(path: Path) -> dict[str, object]:
    return yaml.safe_load(path.read_text())


def test_the_inventory_shows_every_knob_with_its_default() -> None:
    shown = _read(CHECKOUT / "inventory/group_vars/all.yml")
    defaults: dict[str, object] = {}
    for role in ROLES:
        defaults |= _read(CHECKOUT / "roles" / role / "defaults/main.yml")
    assert {name: value for name, value in shown.items() if name.split("_")[0] in ROLES} == defaults


def test_every_knob_is_specified() -> None:
    for role in ROLES:
        specified = _read(CHECKOUT / "roles" / role / "meta/argument_specs.yml")["argument_specs"]["main"]["options"]
        assert set(_read(CHECKOUT / "roles" / role / "defaults/main.yml")) == set(specified) - {f"{role}_state"}


def test_the_readme_of_a_role_names_every_knob() -> None:
    for role in (*ROLES, "virtual_minipc"):
        readme = (CHECKOUT / "roles" / role / "README.md").read_text()
        knobs = _read(CHECKOUT / "roles" / role / "defaults/main.yml")
        assert [name for name in knobs if f"`{name}`" not in readme] == []
