"""No script waits for a service manager that does not answer."""

import re
from pathlib import Path

import pytest

from tests.unit.inventory.shell import CHECKOUT, ROLES

SCRIPTS = [*ROLES.glob("*/files/*.sh"), *(CHECKOUT / "bench").glob("*/*.sh")]
CALL = re.compile(r"^(?!\s*#)(?!.*timeout \d+ systemctl).*\bsystemctl .*", re.MULTILINE)
WRAPPER = re.compile(r'^systemctl\(\) \{ timeout \d+ systemctl "\$@"; \}', re.MULTILINE)


def unlimited(text: str) -> list[str]:
    """List the calls that may last for ever."""
    return [] if WRAPPER.search(text) else CALL.findall(text)


def test_a_call_without_a_limit_is_found() -> None:
    assert unlimited('for unit in $([ ! -e "$units" ] || systemctl list-units); do\n')
    assert unlimited("case $paths in */etc/systemd/*) systemctl daemon-reload ;; esac\n")
    assert not unlimited("run=$(timeout 20 systemctl list-units)\n")


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_every_call_of_the_service_manager_has_a_limit(script: Path) -> None:
    assert unlimited(script.read_text()) == []


def test_every_program_that_a_box_calls_for_its_control_machine_has_a_limit() -> None:
    """Which ``bench.box.units`` sets for all."""
    modules = [path for path in (CHECKOUT / "bench/box").glob("*.py") if "subprocess" in path.read_text()]
    assert [path.name for path in modules] == ["units.py"]
    [call] = re.findall(r"subprocess\..*", modules[0].read_text())
    assert 'run(["timeout", str(timeout_s), *words]' in call
