"""What is installed, on a box or by somebody who has just a server, is whole."""

import importlib.metadata
import os
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest
from packaging.requirements import Requirement

from tests.integration.support import BRIEF

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    place = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", place]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [built] = place.glob("*.whl")
    return built


def test_the_wheel_has_the_templates_the_schemas_and_the_sql(wheel):
    packed = set(ZipFile(wheel).namelist())
    kinds = {".py", ".sql", ".json", ".tsv", ".toml"}
    bench = {str(path.relative_to(ROOT)) for path in (ROOT / "bench").rglob("*") if path.suffix in kinds}
    templates = {f"bench/{path.relative_to(ROOT)}" for path in (ROOT / "templates").rglob("*.j2")}
    assert packed >= bench | templates
    assert "bench/schemas/HISTORY.md" in packed


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Return the programs of an environment with the wheel and what it depends on, as locked; nothing is fetched."""
    place = tmp_path_factory.mktemp("environment")
    venv.create(place, with_pip=False, symlinks=True)
    [packages] = place.glob("lib/python*/site-packages")
    for line in (ROOT / "requirements" / "box.txt").read_text().splitlines():
        locked = line.partition(" \\")[0]
        if "==" not in locked:
            continue
        requirement = Requirement(locked)
        if requirement.marker and not requirement.marker.evaluate():
            continue
        for file in importlib.metadata.distribution(requirement.name).files or ():
            # Beside them lie programs of theirs, which nobody calls.
            if ".." not in file.parts and file.suffix != ".pyc":
                (packages / file).parent.mkdir(parents=True, exist_ok=True)
                (packages / file).symlink_to(file.locate())
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        place / "bin" / "python",
        "install",
        "--no-index",
        "--no-deps",
        wheel,
    ]
    subprocess.run(pip, check=True, capture_output=True)
    return place / "bin"


def test_who_has_just_a_server_measures_it_by_the_wheel_alone(installed, theirs, place):
    def pgladder(*words):
        # Outside of the checkout, and without what the tests' environment has.
        env = {"PATH": os.environ["PATH"], "HOME": str(place)}
        return subprocess.run(
            [installed / "pgladder", *words], cwd=place, env=env, check=False, capture_output=True, text=True
        )

    missing = subprocess.run([installed / "python", "-c", "import altair"], check=False, capture_output=True, text=True)
    assert "No module named 'altair'" in missing.stderr
    dsn = f"host={theirs.home} port={theirs.port} user=dba dbname=shop"
    run = pgladder("run", "--dsn", dsn, *BRIEF, "--phases", "1-B", "2-C", "--blocks", "1", "--out", place / "out")
    assert run.returncode in (0, 1), run.stderr  # on a busy machine a trial may be void
    ladder = pgladder("ladder", "out")
    assert (ladder.returncode, ladder.stderr) == (run.returncode, "")
    assert "executemany" in ladder.stdout
    page = pgladder("report", "out")
    assert (page.returncode, "pgladder[control]" in page.stderr) == (1, True)
