"""Modules of ours, run in this process as Ansible runs them on a box: parameters in, JSON out."""

import io
import json
from contextlib import redirect_stdout
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any

import ansible.module_utils
import pytest
from ansible.module_utils.testing import patch_module_args

from tests.unit.inventory.shell import CHECKOUT

PLUGINS = CHECKOUT / "plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))
UTILS = str(PLUGINS / "module_utils")
if UTILS not in ansible.module_utils.__path__:
    ansible.module_utils.__path__.append(UTILS)


def load(kind: str, name: str) -> ModuleType:
    """Load a plugin from its file, as Ansible does."""
    spec = spec_from_file_location(name, PLUGINS / kind / f"{name}.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(name: str, *, check: bool = False, module: ModuleType | None = None, **parameters: Any) -> dict[str, Any]:
    """Run a module, loaded anew or as given; its answer, ``failed`` in it where it could not do it."""
    said = io.StringIO()
    arguments = patch_module_args({**parameters, "_ansible_check_mode": check})
    with arguments, redirect_stdout(said), pytest.raises(SystemExit):
        (module or load("modules", name)).main()
    answer: dict[str, Any] = json.loads(said.getvalue())
    return answer
