"""A driver, load model or engine of the user's: listed unread, loaded when asked for, and never measured by a box."""

import json
import os
import subprocess
import sys
from dataclasses import fields

import pytest

from bench import seams
from bench.model.errors import UsageError
from bench.model.plan import KNOBS, Parameters
from bench.plan.contrast import FACTORS
from bench.plan.options import OPTIONS
from bench.workload.driver import drivers
from bench.workload.load import loads
from bench.workload.phase import AsyncPhase, ladder

PIECES = {
    "drivers": "from bench.workload.drivers.asyncpg import DRIVER\n",
    "loads": "from bench.workload.loads.closed import LOAD\n",
    "engines": "from bench.engines.postgresql.engine import ENGINE\n",
}
ASK = """
import json, sys
from bench.engines.engine import engines
from bench.model.errors import NothingDoneError
from bench.plan.request import make_design
from bench.targets.box_plans import known
from bench.workload.driver import drivers
from bench.workload.load import loads
seam, word = {"drivers": (drivers(), ["toy"]), "loads": (loads(), "toy"), "engines": (engines(), "toy")}[sys.argv[1]]
said = {"names": list(seam), "own": seam.own}
try:
    said["toy"] = type(seam["toy"]).__name__
    known(make_design({"phases": ["2-C"], sys.argv[2]: word}))
except NothingDoneError as error:
    said["error"] = str(error)
print(json.dumps(said))
"""
LISTED = """
import sys
from bench.engines.engine import engines
from bench.workload.driver import drivers
from bench.workload.load import loads
from bench.workload.phase import ladder
print(list(ladder()), list(drivers()), list(loads()), list(engines()))
print([name for name in sys.modules if name.startswith(("asyncpg", "psycopg2", "bench.workload.phases.phase"))])
"""


def asked(folder, seam: str, word: str) -> dict:
    environment = os.environ | {"PGLADDER_PATH": str(folder)}
    return json.loads(subprocess.check_output([sys.executable, "-c", ASK, seam, word], env=environment, text=True))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    tmp_path.chmod(0o755)
    for seam, text in PIECES.items():
        (tmp_path / seam).mkdir(mode=0o755)
        (tmp_path / seam / "toy.py").write_text(text)
        (tmp_path / seam / "toy.py").chmod(0o644)
    monkeypatch.setenv("PGLADDER_PATH", str(tmp_path))
    return tmp_path


def test_names_are_listed_and_nothing_is_loaded_for_that():
    names, loaded = subprocess.check_output([sys.executable, "-c", LISTED], text=True).splitlines()
    assert "2-C" in names
    assert "'asyncpg', 'clickhouse', 'pgbench', 'psycopg', 'psycopg2'" in names
    assert "'accumulate', 'closed', 'open', 'rounds'" in names
    assert "'postgresql'" in names
    assert loaded == "[]"


@pytest.mark.parametrize(("seam", "word"), [("drivers", "drivers"), ("loads", "load"), ("engines", "engine")])
def test_a_piece_of_the_users_is_found_and_no_box_is_asked_to_measure_it(folder, seam, word):
    said = asked(folder, seam, word)
    assert "toy" in said["names"]
    assert "toy" not in said["own"]
    assert said["toy"]
    assert said["error"].startswith(f"{seam}/toy.py is of PGLADDER_PATH, which counts on one machine only")


@pytest.mark.parametrize("seam", PIECES)
def test_a_file_that_defines_something_else_is_refused(folder, seam):
    (folder / seam / "toy.py").write_text("DRIVER = LOAD = ENGINE = 1\n")
    assert "toy.py defines no " in asked(folder, seam, "phases")["error"]


@pytest.mark.parametrize("seam", PIECES)
def test_on_a_box_the_folder_is_refused(folder, monkeypatch, seam):
    monkeypatch.setattr(seams, "BOX_FILE", folder / seam / "toy.py")
    with pytest.raises(UsageError, match="This is a provisioned box"):
        seams.pieces(seam, folder, "*.py")


def test_a_phase_calls_what_its_own_driver_offers_and_a_load_model_that_there_is():
    for name, phase in ladder().items():
        assert phase.call in drivers()[phase.driver].calls, name
        assert phase.parameters.load in loads(), name
        assert phase.parameters.load == "closed" or phase.parameters.in_flight > 1
        assert (phase.driver == "asyncpg") == isinstance(phase, AsyncPhase)


def test_a_parameter_is_its_field_alone():
    """Its option, its factor and what refuses it where it means nothing all come from there."""
    names = [each.name for each in fields(Parameters)]
    assert list(KNOBS) == names
    asked = [option.name for option in OPTIONS if option.group == "how to write"]
    assert asked == ["collect_rows", *names]  # another word for a batch
    assert [factor for factor in FACTORS if factor in names] == names
