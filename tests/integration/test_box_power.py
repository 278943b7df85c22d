"""A box's end of cuts of its power, as its control machine orders it; that the process is killed stands for the cut."""

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import msgspec
import psycopg2
import pytest

from bench.engines.postgresql.binaries import build_of, find_binaries
from bench.engines.postgresql.owner import ordinary_user
from bench.engines.postgresql.variants import this_machine
from bench.power.wire import Answer, Hello, Order, There
from bench.targets.cuts import new_plan
from tests.integration.support import as_user

BOX = """
import sys
from pathlib import Path
from types import SimpleNamespace
from bench.box.power import power
power(SimpleNamespace(cluster=SimpleNamespace(private_directory=Path(sys.argv[1]))))
"""
PASSWORD = "made for this run"


class Box:
    """One that is spoken to, as the user whose the box's cluster is."""

    def __init__(self, place: Path) -> None:
        words = [*as_user(ordinary_user().pw_name), sys.executable, "-P", "-c", BOX, place]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=pipe, cwd="/")
        self.beats = 0

    def hello(self, plan, *, begins: bool) -> There:
        self.say(Hello(plan=plan, password=PASSWORD, begins=begins))
        return msgspec.json.decode(self.process.stdout.readline(), type=There)

    def say(self, what: object) -> None:
        self.process.stdin.write(msgspec.json.encode(what) + b"\n")
        self.process.stdin.flush()

    def do(self, what: str, number: int = 0) -> Answer:
        self.say(Order(do=what, number=number))
        while (line := self.process.stdout.readline().strip()).isdigit():
            self.beats = int(line)
        return msgspec.json.decode(line, type=Answer)

    def close(self) -> str:
        """Hang up and wait for its end; return what it complained of."""
        _, err = self.process.communicate(timeout=60)
        return err.decode()


@pytest.fixture
def home(place) -> Path:
    (place / "private").mkdir()
    os.chown(place / "private", ordinary_user().pw_uid, ordinary_user().pw_gid)
    return place / "private"


@pytest.fixture
def plan(place):
    version = build_of(find_binaries()).major
    given = {"variants": ["stock no-fsync"], "seed": 1}
    return new_plan(given, this_machine(place), version, run="r", host="box", counts={"machine": 1})


@contextmanager
def connection(reached: dict, password: str = PASSWORD):
    given = {"host": "127.0.0.1", "port": reached["port"], "user": reached["user"], "dbname": reached["database"]}
    connected = psycopg2.connect(**given, password=password)
    connected.autocommit = True
    with connected.cursor() as cursor:
        yield cursor
    connected.close()


def test_what_was_made_is_there_after_a_cut_and_nothing_is_after_the_end(home, plan):
    box = Box(home)
    assert box.hello(plan, begins=True).last is None
    assert [box.do("make", number).value["promised"]["word"] for number in (0, 1)] == ["durable", "not crash-safe"]
    reached = box.do("begin").value
    with connection(reached) as cursor:
        cursor.execute("SELECT system_identifier::text FROM pg_control_system()")
        assert cursor.fetchone() == (reached["system"],)
        cursor.execute("INSERT INTO pgladder.events (device_id, payload) VALUES (1, 'x')")
    with pytest.raises(psycopg2.OperationalError, match="password"), connection(reached, "another"):
        pass
    while box.beats < 3:
        box.beats = int(box.process.stdout.readline())
    box.process.kill()
    box.close()

    again = Box(home)
    there = again.hello(plan, begins=False)
    assert there.last >= 3
    after = again.do("restart").value
    assert (after["system"], after["data_directory"]) == (reached["system"], reached["data_directory"])
    with connection(after) as cursor:
        cursor.execute("SELECT count(*) FROM pgladder.events")
        assert cursor.fetchone() == (1,)
    assert again.do("check").value == []
    assert again.do("remade").error is None
    assert again.do("begin", 1).value["system"] != reached["system"]
    assert again.close() == ""
    assert again.process.returncode == 0
    assert list(home.iterdir()) == []


def test_what_a_run_left_that_nobody_went_on_with_goes_when_the_next_begins(home, plan):
    box = Box(home)
    box.hello(plan, begins=True)
    box.do("make")
    box.process.kill()
    box.close()
    assert list(home.iterdir()) != []
    after = Box(home)
    assert after.hello(plan, begins=True).last is None
    assert list((home / "power").iterdir()) == []
    after.process.terminate()
    assert after.close() == ""
    assert list(home.iterdir()) == []


def test_what_postgresql_refuses_is_told_as_such_and_another_run_is_refused(home, plan):
    box = Box(home)
    box.hello(plan, begins=True)
    answer = box.do("restart")  # of what was never made
    assert "did not start" in answer.error
    assert answer.of_server
    other = Box(home)
    assert "A run is under way on this box" in other.close()
    assert box.close() == ""
    assert list(home.iterdir()) == []
