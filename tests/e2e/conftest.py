from pathlib import Path

import pytest

from tests.e2e.lab import Lab


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each folder be one worker's, with a lab of its own: ``--dist loadgroup``."""
    for item in items:
        item.add_marker(pytest.mark.xdist_group(item.path.parent.name))


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory):
    lab = Lab(Path(tmp_path_factory.mktemp("lab")))
    lab.down()
    lab.up()
    yield lab
    lab.down()


@pytest.fixture(scope="session", autouse=True)
def as_found(lab: Lab) -> dict[str, set[str]]:
    """What each box was like before anything was done to it."""
    return {box: lab.snapshot(box) for box in lab.boxes}
