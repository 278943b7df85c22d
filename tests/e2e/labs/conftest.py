import pytest

from tests.e2e.lab import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory):
    with Lab(tmp_path_factory.mktemp("lab"), "pgladder-e2l", "e2l", "10.86.79.0/24").in_use() as lab:
        yield lab
