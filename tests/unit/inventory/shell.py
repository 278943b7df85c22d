"""Functions of the roles' scripts, to be called one by one."""

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]
ROLES = CHECKOUT / "roles"


def function(script: Path, name: str) -> str:
    found = re.search(rf"^{name}\(\) .*?^}}", script.read_text(), re.DOTALL | re.MULTILINE)
    assert found
    return found[0]
