"""A part of a machine: a control group's quota, an affinity, a /proc that hides others; and others who are busy."""

import contextlib
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.agent.observe import usage_so_far
from bench.constraints.evidence import busy as busy_part
from bench.model.fingerprint import Processors, processors
from bench.model.record import Reason, Record
from tests.examples import one_of
from tests.integration.support import BRIEF, LEAVE_LABS, Climb, as_root, as_user, climbing, wait_for
from tests.quota import tree, two_fifths

pytestmark = as_root
ASKED = ("--phases", "1-B", "--warm-up", 0.3, "--window", 2, "--blocks", 1)


@pytest.fixture
def held(place) -> Iterator[list[str]]:
    """Return the start of a command that has two fifths of a processor."""
    if tree() is None:
        pytest.skip("no control groups for CPU time here")
    with two_fifths(place.name) as start:
        yield start


@contextlib.contextmanager
def busy(programs: int) -> Iterator[None]:
    """Keep processors busy by programs of one name, each in a session of its own: to those the kernel is fair."""
    code = "import ctypes\nctypes.CDLL(None).prctl(15, b'a-busy-one')\nwhile True: pass"
    hogs = [subprocess.Popen(["python3", "-c", code], start_new_session=True) for _ in range(programs)]
    try:
        yield
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()


def cores_of_a_formula(prefix: list[str]) -> int:
    """Return how many cores formulas reckon with."""
    code = "from pathlib import Path\nfrom bench.engines.postgresql.variants import this_machine\n"
    code += "print(this_machine(Path('/')).hardware.cores)"
    done = subprocess.run([*prefix, sys.executable, "-c", code], capture_output=True, check=True)
    return int(done.stdout)


def one_record(climb: Climb) -> Record:
    """Return the record of a run of one trial."""
    climb.end()
    [record] = climb.records()
    return record


def record_beside(programs: int, climb: Climb) -> Record:
    """Return it; during the trial, so many programs keep processors busy."""
    climb.wait_trial(1)
    with busy(programs):
        climb.wait_record(1)
    return one_record(climb)


def reason(record: Record, code: str) -> Reason:
    """Return the one reason of this code."""
    [found] = [each for each in record.validity.reasons if each.code == code]
    return found


def test_a_quota_that_held_clients_and_server_up_makes_a_trial_suspect_and_is_a_fact(held, place):
    with climbing(place, *ASKED, "--variants", "async-commit", prefix=held) as climb:  # waits for no slow disk
        record = one_record(climb)
    quota = reason(record, "cpu-quota")
    assert record.validity.state == "suspect"
    assert "(0.4 cores)" in quota.detail
    assert "the clients in " in quota.detail
    assert "the server in " in quota.detail
    assert 0 < quota.share <= 1
    throttled = record.observed["quota"]
    assert quota.share == max(throttled.values())
    assert min(throttled.values()) > 0
    facts = climb.directory.host().facts["cpu"]
    assert (facts["quota_cores"], facts["usable_cpus"]) == (0.4, 1)
    assert (facts["server_quota_cores"], facts["server_usable_cpus"]) == (0.4, 1)
    of_box = processors(climb.directory.host())
    assert of_box == Processors(there=os.cpu_count(), usable=0.4)
    # Whatever else was busy on this machine: of 0.4 cores clients and server used what there was.
    assert busy_part(record, of_box) > 0.7
    assert "Under quota, functional: a CPU quota of 0.4 cores" in " ".join(climb.end().out.split())


def test_a_quota_of_a_client_process_alone_is_the_clients(held):
    with subprocess.Popen([*held, "sleep", "60"]) as client:
        try:
            group = Path(f"/proc/{client.pid}/cgroup")
            wait_for(lambda: "pgladder-test" in group.read_text(), "the client is in its group")
            quotas = usage_so_far([client.pid], []).quotas["the clients"]
        finally:
            client.kill()
    assert [quota.cores for name, quota in quotas.items() if "pgladder-test" in name] == [0.4]
    assert not [name for name in usage_so_far([], []).quotas["the clients"] if "pgladder-test" in name]


def test_an_affinity_is_a_fact(place):
    with climbing(place, "--phases", "1-B", *BRIEF, "--blocks", 1, prefix=["taskset", "-c", "0"]) as climb:
        climb.end()
    facts = climb.directory.host().facts["cpu"]
    assert (facts["affinity"], facts["usable_cpus"], facts["server_affinity"]) == ("0", 1, "0")
    assert facts["logical_cpus"] == os.cpu_count()


def test_formulas_reckon_with_what_is_left(held):
    assert cores_of_a_formula(held) == 1
    assert cores_of_a_formula(["taskset", "-c", "0"]) == 1
    assert cores_of_a_formula([]) == len(os.sched_getaffinity(0))


def test_others_are_named_with_how_much_they_took(place):
    with climbing(place, *ASKED) as climb:
        record = record_beside(4, climb)  # more than whatever else runs here
    others = reason(record, "not-alone")
    assert record.validity.state == "suspect"
    assert "a-busy-one" in others.detail
    assert others.share > 0.1


# --- a /proc that hides others ---------------------------------------------------------------------------------------


def hiding(how: int, user: str) -> list[str]:
    """Return the start of a command of an ordinary user who sees no process of others."""
    mount = f'{LEAVE_LABS}; mount -t proc -o hidepid={how} proc /proc && exec "$@"'
    return ["unshare", "--mount", "sh", "-c", mount, "sh", *as_user(user)]


def of_nobody(place: Path) -> dict[str, str]:
    """Give a directory to the user nobody, and return where that user is at home."""
    os.chown(place, pwd.getpwnam("nobody").pw_uid, -1)
    return {"HOME": str(place), "XDG_STATE_HOME": str(place)}


@pytest.mark.slow
@pytest.mark.parametrize("how", [2, 1])
def test_of_a_server_of_our_own_the_cpu_time_is_known_though_others_are_hidden(place, how):
    home = of_nobody(place)
    with climbing(place, *ASKED, prefix=hiding(how, "nobody"), env=home) as climb:
        record = record_beside(2, climb)
    if "agent-late" in record.validity.codes:
        pytest.skip("so busy that it was read too late, and says so")
    assert record.cpu.server_cores is not None
    assert reason(record, "not-alone").share > 0.1


@pytest.mark.parametrize("how", one_of(2, 1))
def test_of_another_users_server_on_a_full_host_it_is_doubted_that_it_was_alone(theirs, place, how):
    home = {**of_nobody(place), "PGPASSWORD": theirs.password}
    asked = [*ASKED, "--dsn", theirs.dsn()]
    with climbing(place, *asked, prefix=hiding(how, "nobody"), env=home) as climb:
        record = record_beside(len(os.sched_getaffinity(0)) + 2, climb)
    assert record.cpu.server_cores is None
    assert record.validity.state == "suspect"
    full = reason(record, "host-full")
    assert full.share > 0.1
    assert "; not known how much of " in full.detail
