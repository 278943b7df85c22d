from pathlib import Path

import pytest

from tests.e2e.lab import Lab


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
