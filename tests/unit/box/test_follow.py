"""A run's records are sent as they come, whole lines only, until it ends; and what one that broke off said last."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.box import follow as following
from bench.box.follow import follow, why_it_ended
from bench.box.runs import RefusalError
from bench.model.errors import PgladderError
from tests.integration.support import wait_for

RUN = "r1"
MB = 1_000_000


@pytest.fixture
def run(folder, monkeypatch):
    """A run's directory; systemd is asked more often than on a box."""
    directory = folder.box.runs / RUN
    directory.mkdir()
    monkeypatch.setattr(following, "POLL_MS", 5)
    return directory


@pytest.fixture
def out(tmp_path):
    """Where records are sent to."""
    with (tmp_path / "out").open("wb") as file:
        yield file


def sent(out):
    return Path(out.name).read_text()


@contextmanager
def an_agent(folder):
    """A process that the run's unit has."""
    with subprocess.Popen(["sleep", "60"]) as process:
        folder.is_active(RUN, pid=process.pid)
        try:
            yield process
        finally:
            process.kill()


def test_records_are_sent_as_they_come_in_whole_lines_from_an_offset_on(folder, run, out):
    (run / "trials.jsonl").write_text("one\ntwo\nthr")
    with an_agent(folder) as agent, ThreadPoolExecutor(1) as pool:
        ending = pool.submit(follow, folder.box, RUN, len("one\n"), out)
        wait_for(lambda: sent(out) == "two\n", "the second record is sent")
        (run / "trials.jsonl").write_text("one\ntwo\n")  # the agent takes back what a full disk cut
        (run / "trials.jsonl").write_text("one\ntwo\nthird\nfo")
        wait_for(lambda: sent(out) == "two\nthird\n", "the third record is sent")
        (run / "trials.jsonl").write_text("one\ntwo\nthird\nfourth\n")
        (run / "SHA256SUMS").touch()
        folder.has_ended(RUN)
        agent.kill()
        assert ending.result() == "finished"
    assert sent(out) == "two\nthird\nfourth\n"


def test_records_are_waited_for_where_there_are_none_yet(folder, run, out):
    with an_agent(folder) as agent, ThreadPoolExecutor(1) as pool:
        ending = pool.submit(follow, folder.box, RUN, 0, out)
        (run / "trials.jsonl").write_text("one\n")
        wait_for(lambda: sent(out) == "one\n", "the first record is sent")
        folder.has_ended(RUN)
        agent.kill()
        ending.result()


@pytest.mark.parametrize(
    ("sealed", "wanted", "ending"),
    [(True, False, "finished"), (True, True, "finished"), (False, False, "cancelled"), (False, True, "failed")],
)
def test_how_a_run_ended_is_told(folder, run, out, sealed, wanted, ending):
    (run / "trials.jsonl").write_text("one\n")
    folder.is_active(RUN, "failed")
    if sealed:
        (run / "SHA256SUMS").touch()
    if wanted:
        (folder.path / "wanted" / "pgladder-run@r1.service").symlink_to("/nowhere")
    assert follow(folder.box, RUN, 0, out) == ending
    assert sent(out) == "one\n"


def test_after_a_boot_a_run_that_goes_on_is_waited_for(folder, run, out, monkeypatch):
    (folder.path / "wanted" / "pgladder-run@r1.service").symlink_to("/nowhere")
    naps = []

    def nap(_, milliseconds):
        naps.append(milliseconds)
        if len(naps) == 2:
            (run / "SHA256SUMS").touch()

    monkeypatch.setattr(following._Follower, "sleep", nap)
    assert follow(folder.box, RUN, 0, out) == "finished"
    assert naps == [1000, 1000]


@pytest.mark.usefixtures("run")
def test_an_agent_that_is_ending_is_waited_for(folder, out, monkeypatch):
    folder.is_active(RUN, "deactivating")
    monkeypatch.setattr(following._Follower, "sleep", lambda *_: folder.has_ended(RUN))
    assert follow(folder.box, RUN, 0, out) == "cancelled"


@pytest.mark.usefixtures("run")
def test_a_follower_that_nobody_listens_to_ends(folder):
    """Else it would go on beside what is measured, where no record comes to find out by."""
    ours, theirs = os.pipe()
    with an_agent(folder), os.fdopen(theirs, "wb") as nobody, ThreadPoolExecutor(1) as pool:
        ending = pool.submit(follow, folder.box, RUN, 0, nobody)
        os.close(ours)
        with pytest.raises(BrokenPipeError):
            ending.result(60)


def test_a_run_that_is_not_there_is_refused(folder, out):
    with pytest.raises(RefusalError, match="there is no run r1 there"):
        follow(folder.box, RUN, 0, out)


@pytest.mark.usefixtures("run")
def test_a_service_manager_that_hangs_ends_a_following_and_nothing_is_taken_for_its_answer(folder, out):
    folder.program("systemctl", "exec sleep 60")
    folder.program("timeout", 'shift; exec /usr/bin/timeout 0.2 "$@"')
    with pytest.raises(PgladderError, match="systemctl did not answer within"):
        follow(folder.box, RUN, 0, out)


# --- last words ------------------------------------------------------------------------------------------------------


def test_the_last_words_are_the_agents_not_the_service_managers():
    journal = ["Run r1: 4 of 4 trials", "pgladder: one.", "pgladder: the server did not come back.", "table"]
    assert why_it_ended(journal, "success", 18950 * MB) == "the server did not come back"


def test_a_full_disk_is_named():
    assert why_it_ended(["pgladder: the server did not come back."], "exit-code", 0) == (
        "the server did not come back; its disk is full"
    )


def test_a_run_that_was_killed_left_no_word():
    assert why_it_ended([], "signal", 18950 * MB) == "it logged no reason (systemd: signal)"


@pytest.mark.usefixtures("run")
def test_last_words_are_looked_up(folder):
    folder.program("journalctl", f"echo '{RUN} began' && echo 'pgladder: Stopped.'")
    assert following.last_words(folder.box, RUN).startswith("Stopped")
