"""One lock for every Python and system that pgladder is controlled from. ``make lock`` asks for the wheels."""

import re
from collections import Counter
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from bench.probes.system_packages import known

REQUIREMENTS = Path(__file__).parents[2] / "requirements"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = ("linux", "darwin")


def locked(name: str) -> list[tuple[Requirement, str]]:
    """Return each requirement of a lock, and its hashes."""
    entries = re.split(r"\n(?=\w)", (REQUIREMENTS / name).read_text().strip())
    return [(Requirement(entry.partition(" \\\n")[0]), entry.partition(" \\\n")[2]) for entry in entries]


def taken(name: str, python: str, system: str) -> dict[str, Version]:
    """Return what that Python takes on that system."""
    here = {
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "python_full_version": f"{python}.2",
        "python_version": python,
        "sys_platform": system,
    }
    found = [each for each, _ in locked(name) if each.marker is None or each.marker.evaluate(here)]
    assert max(Counter(each.name for each in found).values()) == 1
    return {each.name: Version(str(each.specifier).removeprefix("==")) for each in found}


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("python", PYTHONS)
def test_every_python_takes_the_same_packages_and_an_ansible_that_knows_it(python, system):
    here = taken("dev.txt", python, system)
    assert here.keys() == taken("dev.txt", "3.11", "linux").keys()
    ansible = here["ansible-core"]
    if python == "3.11":
        assert ansible.release[:2] == (2, 19)  # the last for it
    else:
        assert ansible.release[:2] >= (2, 21)


def test_a_box_takes_what_is_measured_with_here():
    box, here = taken("box.txt", "3.13", "linux"), taken("dev.txt", "3.13", "linux")
    assert box.items() <= here.items()


def test_the_boxs_lock_asks_for_no_python():
    """``pip download --python-version`` judges markers by the Python it runs on, not by the box's."""
    assert [each for each, _ in locked("box.txt") if "python" in str(each.marker)] == []


@pytest.mark.parametrize("name", ["box.txt", "dev.txt"])
def test_every_package_has_its_hashes(name):
    assert [each.name for each, hashes in locked(name) if "--hash=sha256:" not in hashes] == []


def test_make_lock_asks_for_wheels_for_each_processor_that_boxes_may_have():
    asked = re.search(r"^PLATFORMS := (.*)$", (REQUIREMENTS.parent / "Makefile").read_text(), re.MULTILINE)
    linux = re.findall(r"(\w+)-unknown-linux-gnu", asked[1])
    assert known()["processors"] == linux


def test_make_lock_resolves_for_the_pythons_that_are_tested_here():
    makefile = (REQUIREMENTS.parent / "Makefile").read_text()
    assert f"\nPYTHONS := {' '.join(PYTHONS)}\n" in makefile


def test_every_system_that_boxes_may_have_has_a_python_that_is_resolved_for():
    assert {entry["python"] for entry in known()["systems"].values()} <= set(PYTHONS)
