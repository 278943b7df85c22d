import pytest

from tests.e2e.lab import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory):
    with Lab(tmp_path_factory.mktemp("lab"), "pgladder-e2e", "e2e", "10.86.78.0/24").in_use() as lab:
        yield lab


@pytest.fixture(scope="session", autouse=True)
def as_found(lab: Lab) -> dict[str, set[str]]:
    """What each box was like before anything was done to it."""
    return {box: lab.snapshot(box) for box in lab.boxes}
