import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.lab import Lab
from tests.e2e.remote.control import RUNS, Control, Large

FORGET = """
sudo systemctl stop 'pgladder-run@*'
sudo sh -c 'rm -rf /etc/systemd/system/multi-user.target.wants/pgladder-run@* /var/lib/pgladder/runs/*'
sudo sh -c 'rm -f /run/clock-was-set /var/filler-*'
sudo journalctl --quiet --rotate --vacuum-time=1s
"""


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory):
    """Two provisioned boxes, beside the lab of the other tests; one kept by PGLADDER_KEEP_LAB is used again."""
    kept = os.environ.get("PGLADDER_KEEP_LAB")
    files = Path(kept or tmp_path_factory.mktemp("lab"))
    lab = Lab(files, name="pgl-remote", prefix="rm", subnet="10.86.91.0/24")
    if not kept:
        lab.clear()
    lab.up()
    if kept:
        for box in lab.boxes:
            lab.run(box, FORGET)
    said = lab.play("provision", ",".join(lab.boxes))
    assert said.returncode == 0, said.stdout
    yield lab
    if not kept:
        lab.down()


@pytest.fixture(scope="session")
def large(lab: Lab) -> Iterator[Large]:
    """A run on the second box that takes seconds to bring."""
    run, box = Large(), lab.boxes[1]
    lab.run(box, run.made)
    lines = lab.run(box, f"sudo sh -c 'cd {RUNS}/{run.name} && sha256sum samples/*'").splitlines()
    run.digests = {name: digest for digest, name in map(str.split, lines)}
    yield run
    lab.run(box, f"sudo rm -rf {RUNS}/{run.name}")


@pytest.fixture(scope="session")
def control(lab: Lab, tmp_path_factory: pytest.TempPathFactory):
    control = Control(lab, tmp_path_factory.mktemp("control"))
    yield control
    control.mend_network()
