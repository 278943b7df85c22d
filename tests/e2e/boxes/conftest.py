import pytest

from tests.e2e.lab import Lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory):
    with Lab(tmp_path_factory.mktemp("lab"), "pgladder-e2e", "e2e", "10.86.78.0/24").in_use() as lab:
        yield lab


STRICT = """
echo 'session optional pam_umask.so umask=077' |
  sudo tee -a /etc/pam.d/common-session /etc/pam.d/common-session-noninteractive >/dev/null
"""


@pytest.fixture(scope="session", autouse=True)
def as_found(lab: Lab) -> set[str]:
    """What the first box was like before anything was done to it: nobody but its owner may read a new file."""
    first = lab.boxes[0]
    lab.run(first, STRICT)
    assert lab.run(first, "umask; sudo sh -c umask").split() == ["0077", "0077"]
    return lab.snapshot(first)
