"""One run at a time, and who holds the lock."""

import os
import subprocess
import sys
from contextlib import contextmanager

import psutil
import pytest

from bench.agent import lock
from bench.model.errors import HostError

HOLD = """
import sys
from bench.agent import lock
lock.NAME = bytes.fromhex(sys.argv[1])
with lock.one_run_at_a_time():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder():
    """Another process that holds the lock until its standard input ends."""
    command = [sys.executable, "-c", HOLD, lock.NAME.hex()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()


def refused():
    with pytest.raises(HostError) as refusal, lock.one_run_at_a_time():
        pass
    return str(refusal.value)


def test_a_second_run_is_told_which_process_of_whom_holds_the_lock(holder):
    user = psutil.Process().username()
    assert refused().startswith(f"A run is under way on this box: process {holder.pid} of user {user}, ")


def test_a_lock_is_gone_with_its_holder_however_that_ends(holder):
    holder.kill()
    holder.wait()
    with lock.one_run_at_a_time():
        assert f"process {os.getpid()} " in refused()


def test_a_lock_given_back_can_be_taken_again():
    for _ in range(2):
        with lock.one_run_at_a_time():
            pass


def test_a_lock_is_given_back_when_the_run_fails():
    with pytest.raises(ZeroDivisionError), lock.one_run_at_a_time():
        raise ZeroDivisionError
    with lock.one_run_at_a_time():
        pass


def test_a_holder_that_does_not_listen_yet_is_named_as_just_starting():
    import socket

    with socket.socket(socket.AF_UNIX) as early:
        early.bind(lock.NAME)
        assert "it is just starting or ending" in refused()


def test_whoever_asks_a_thousand_times_is_still_told(holder):
    told = {lock.holder() for _ in range(1000)}
    assert len(told) == 1
    assert f"process {holder.pid} " in told.pop()


def test_nobody_holds_a_lock_that_is_free():
    assert lock.holder() is None


# --- clients of another box's run ------------------------------------------------------------------------------------

AT_WORK = """
import sys
from bench.agent import lock
lock.NAME = bytes.fromhex(sys.argv[1])
with lock.client_of("10.0.0.5"):
    print("at work", flush=True)
    sys.stdin.read()
"""


@contextmanager
def client():
    """Another process that works for a run of another box, until it is killed."""
    command = [sys.executable, "-c", AT_WORK, lock.NAME.hex()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "at work\n"
        yield
        process.kill()


def test_clients_of_another_box_keep_runs_of_this_boxs_own_away_and_not_each_other():
    with client(), client():
        assert lock.holder() == "clients of a run of the box at 10.0.0.5"
        assert refused() == (
            "A run is under way on this box: clients of a run of the box at 10.0.0.5. Wait for it, or end it."
        )
    assert lock.holder() is None
    with lock.one_run_at_a_time():
        pass


def test_beside_a_run_of_this_boxs_own_no_client_works(holder):
    own = f"a run of this client box's own is under way: process {holder.pid} of user "
    with pytest.raises(HostError, match=own), lock.client_of("10.0.0.5"):
        pass
    assert lock.holder().startswith(f"process {holder.pid} ")


def test_the_other_box_may_have_an_address_of_any_kind():
    with lock.client_of("fe80::1%eth0"):
        assert lock.holder() == "clients of a run of the box at fe80::1%eth0"


def test_names_that_others_bind_are_no_clients(tmp_path, monkeypatch):
    lines = (f"0000: 00000002 00000000 00010000 0001 01 784 {name}" for name in ("@x/client-of-10.0.0.5/7", "/run/x"))
    (tmp_path / "sockets").write_text("\n".join(lines))
    monkeypatch.setattr(lock, "SOCKETS", tmp_path / "sockets")
    assert lock.holder() is None
