"""What every module of ours must have: documentation that says what it takes, check mode, a Python that boxes have."""

import ast
from typing import Any

import pytest
import yaml

from tests.unit.inventory.modules import MODULES, PLUGINS, load

ON_BOXES = [*(PLUGINS / "modules").glob("*.py"), *(PLUGINS / "module_utils").glob("*.py")]


class _Taken(Exception):  # noqa: N818
    """What a module gives AnsibleModule."""


def _takes(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    def taken(**arguments: Any) -> None:
        raise _Taken(arguments)

    module = load("modules", name)
    monkeypatch.setattr(module, "AnsibleModule", taken)
    with pytest.raises(_Taken) as caught:
        module.main()
    arguments: dict[str, Any] = caught.value.args[0]
    return arguments


@pytest.mark.parametrize("name", MODULES)
def test_a_module_documents_what_it_takes_and_has_a_check_mode(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = load("modules", name)
    documented = yaml.safe_load(module.DOCUMENTATION)
    taken = _takes(name, monkeypatch)
    assert documented["module"] == name
    assert taken["supports_check_mode"]
    assert taken["argument_spec"].keys() == documented["options"].keys()
    for option, spec in taken["argument_spec"].items():
        shown = documented["options"][option]
        assert shown["description"]
        facts = {fact: spec[fact] for fact in ("type", "choices", "default", "required", "elements") if fact in spec}
        assert {fact: shown.get(fact) for fact in facts} == facts, option
    assert all(task[name] for task in yaml.safe_load(module.EXAMPLES))
    assert all("description" in each for each in yaml.safe_load(module.RETURN).values())


@pytest.mark.parametrize("path", ON_BOXES, ids=lambda path: path.stem)
def test_what_runs_on_boxes_is_of_the_oldest_python_that_ansible_takes(path: Any) -> None:
    ast.parse(path.read_text(), feature_version=(3, 9))
    assert "from __future__ import annotations" in path.read_text()
