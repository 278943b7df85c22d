import pytest

from tests.e2e.lab import Lab
from tests.e2e.labs import BOXES


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory):
    with Lab(tmp_path_factory.mktemp("lab"), "pgladder-e2l", "e2l", "10.86.79.0/24", size=len(BOXES)).in_use() as lab:
        yield lab


@pytest.fixture(scope="session", autouse=True)
def as_found(lab: Lab) -> dict[str, set[str]]:
    """What the boxes were like before anything was done to them, whichever test is the first."""
    return {box: lab.snapshot(box) for box in BOXES}
