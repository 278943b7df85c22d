"""A trial's clients on another box, by a real sshd and the real command that their key is for: measured, and cut off.

The box is a tree of its own over this machine's (``sshd``); the server runs beside it, and is reached by TLS.
"""

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import TypeVar

import msgspec
import psutil
import pytest

from bench.agent.lock import holder, one_run_at_a_time
from bench.agent.run import execute
from bench.box.client_box import public_key_of, write_down
from bench.box.client_of import Authorised
from bench.engines.postgresql import client_boxes as module
from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.client_boxes import client_boxes, known_hosts_of, ssh
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.variants import harness_for
from bench.model.box import AdmittedClient, ProvisionedCluster, read_box
from bench.model.errors import HostError
from bench.model.plan import Plan
from bench.model.record import Record, clients_here
from bench.plan.check import at_its_rate
from bench.store.run_directory import RunDirectory
from bench.targets import client_boxes as of_run
from bench.targets.client_boxes import kept, ready_client_boxes
from bench.workload.phase import ladder
from tests.builders import a_plan, a_trial
from tests.examples import one_of
from tests.integration.sshd import Box, Tree, tree
from tests.integration.support import PGLADDER, CopiedServer, Meddler, as_root, command_line, wait_for
from tests.unit.model.test_box import VARIABLES
from tests.unit.model.test_box import rendered as box_file

pytestmark = as_root
HOME = "/var/lib/pgladder"
MAKE_READY = """
usermod --home "$1" --shell /bin/bash --password '*' pgladder
install -d -m 750 -o pgladder "$1"
printf '#!/bin/sh\\nexec %s "$@"\\n' "$2" >/usr/local/bin/pgladder
chmod 755 /usr/local/bin/pgladder
cat >/etc/pgladder.toml
"""
AS_USER = 'exec setpriv --reuid=pgladder --regid=pgladder --init-groups --reset-env -- /usr/local/bin/pgladder box "$@"'
WINDOW_S = 1.5
T = TypeVar("T")


@pytest.fixture(scope="module")
def boxes(tmp_path_factory) -> Iterator[Tree]:
    with tree(tmp_path_factory.mktemp("sshd")) as made:
        made.run(MAKE_READY, HOME, str(PGLADDER), stdin=box_file())
        # This checkout, and its Python, may lie where only their owner comes; in the tree others may.
        made.run('chmod a+rx "$@"', *map(str, (*PGLADDER.parents, *Path(sys.executable).resolve().parents)))
        yield made


@pytest.fixture(scope="module")
def box(boxes: Tree) -> Box:
    return boxes.start()


class Server(CopiedServer):
    """A private server that has client boxes, as a provisioned cluster has them."""

    cluster: ProvisionedCluster

    def client_boxes(self, count: int):
        return client_boxes(self.cluster, self.endpoint("tls"), count)


@dataclass
class Both:
    """The server's box and its client box."""

    server: Server
    client: AdmittedClient
    place: Path

    @property
    def box(self) -> SimpleNamespace:
        """The server's box, as provisioning tells of it."""
        return SimpleNamespace(cluster=self.server.cluster)

    def authorise(self, boxes: Tree) -> None:
        """Let the server's box start clients on the client box."""
        certificate = (self.place / "data" / "server" / "root.crt").read_text()
        key = public_key_of(self.server.cluster.clients_directory)
        it = Authorised(public_key=key, comes_from="127.0.0.1", certificate=certificate)
        assert boxes.run(AS_USER, "client-of", stdin=msgspec.json.encode(it).decode()) == "changed\n"

    def plan(self, *boxes: int, window_s: float = WINDOW_S) -> Plan:
        """Return a plan of a trial on each number of client boxes."""
        parameters = replace(ladder()["2-D"].parameters, processes=2, pool_min=5, pool_max=5)
        trials = [
            a_trial(number, "2-D", transport="tls", parameters=replace(parameters, client_boxes=count))
            for number, count in enumerate(boxes, 1)
        ]
        return a_plan(*trials, warm_up_s=0.5, window_s=window_s)

    def measured(self, plan: Plan) -> Record:
        """Measure the one trial of a plan."""
        directory = RunDirectory(self.place / "out")
        directory.begin(plan)
        assert execute(plan, directory, self.server, Quiet())
        [record] = directory.records()
        return record

    def run(self, *boxes: int, window_s: float = WINDOW_S) -> list[Record]:
        """Measure one on each."""
        plan, directory = self.plan(*boxes, window_s=window_s), RunDirectory(self.place / "out")
        directory.begin(plan)
        assert execute(plan, directory, self.server, Quiet())
        return directory.records()


class Quiet:
    """A listener that tells nobody."""

    def begins(self, trial, left, of): ...

    def ended(self, record): ...

    def report(self, sentence): ...


@pytest.fixture
def both(boxes: Tree, box: Box, place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    """Let this machine's server have clients on the box, as provisioning does it."""
    monkeypatch.setattr(module, "provisioned", lambda: SimpleNamespace(release=VARIABLES["__bench_release"]))
    cluster = replace(read_box(box_file().encode()).cluster, password_file=place / ".pgpass")
    public_key_of(cluster.clients_directory)
    client = AdmittedClient(
        name="elsewhere",
        address="127.0.0.1",
        port=box.port,
        user="pgladder",
        host_keys=(box.keys["ed25519"],),
        server_address="127.0.0.1",
        certificate=f"{HOME}/server.crt",
    )
    write_down(cluster, client)
    server = Server(place / "data", find_binaries())
    server.cluster = cluster
    try:
        server.create(harness_for(40, tls=True), tls=True)
        server.apply(as_variant("stock", ""))
        made = Both(server, client, place)
        made.authorise(boxes)
        yield made
    finally:
        server.close()
        boxes.run(AS_USER, "client-of", "--remove")


def codes(record: Record) -> set[str]:
    return {reason.code for reason in record.validity.reasons}


def why(record: Record) -> str:
    return next(reason.detail for reason in record.validity.reasons if reason.code == "client-error")


# --- measured --------------------------------------------------------------------------------------------------------


def test_every_row_of_clients_elsewhere_is_there_and_what_they_took_is_told_apart(both: Both) -> None:
    here, away = both.run(0, 1)
    for record in (here, away):
        seen = record.verified
        assert record.validity.state != "void", record.validity.why
        assert seen.attempted == seen.acknowledged == seen.found > 0
        assert 0 <= record.longest_gap_s <= WINDOW_S
        assert len(record.observed["quota"]) == 2
    assert here.cpu.elsewhere_cores is None
    assert 0 < away.cpu.elsewhere_cores <= away.cpu.client_cores
    # What ssh takes here is little, and no other program's.
    assert 0 <= clients_here(away.cpu) < 0.5 * away.cpu.client_cores
    assert away.observed["quota"]["client_throttled_share"] is None
    assert "can't be seen from here" in away.not_counted["quota.client_throttled_share"]


def test_clients_elsewhere_are_seen_to_connect_by_tls(both: Both) -> None:
    def look(meddler: Meddler) -> tuple[object, str]:
        found = meddler.ask(
            "SELECT DISTINCT host(client_addr), ssl FROM pg_stat_activity JOIN pg_stat_ssl USING (pid)"
            " WHERE application_name = 'pgladder' AND client_addr IS NOT NULL"
        )
        return found, " ".join(map(command_line, psutil.process_iter()))

    found, arguments = in_trial(both, look)
    assert found == [("127.0.0.1", True)]
    assert both.server.endpoint("tls").password not in arguments


def test_at_a_rate_each_of_two_client_boxes_offers_its_part(both: Both) -> None:
    write_down(both.server.cluster, replace(both.client, name="yonder", address="localhost"))
    commits_per_s, closed = 200.0, both.plan(2)
    [trial] = closed.trials
    at_rate = at_its_rate(replace(trial.parameters, rate=commits_per_s * trial.parameters.batch))
    record = both.measured(replace(closed, trials=(replace(trial, parameters=at_rate),)))
    seen, came = record.verified, record.open_loop
    assert record.validity.state != "void", record.validity.why
    assert seen.attempted == seen.acknowledged == seen.found > 0
    # What comes independently is now more, now fewer: half a per mille of runs have it beyond this.
    expected = commits_per_s * WINDOW_S
    assert came.due == pytest.approx(expected, abs=3.5 * expected**0.5)
    assert came.skipped == 0
    assert record.in_flight_check is None
    # None: a busy machine answered too few within the window.
    assert record.latency_ms.p50 is None or record.latency_ms.p50 > 0


def in_trial(both: Both, act: Callable[[Meddler], T], window_s: float = 2.0) -> T:
    """Act while a trial writes from elsewhere; return what came of it, once the trial has ended."""

    def acted() -> T:
        wait_for((both.place / "out" / "samples" / "1.jsonl").exists, "the trial begins")
        meddler = Meddler(both.place / "data" / "server" / "data")
        try:
            meddler.wait_inserting()
            return act(meddler)
        finally:
            meddler.leave()

    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(acted)
        both.run(1, window_s=window_s)
        return acting.result()


# --- what the key is for ---------------------------------------------------------------------------------------------


def by_key(both: Both, asked: str, terminal: str = "-T") -> subprocess.CompletedProcess[str]:
    """Ask for something by the key that there is."""
    words = ssh(both.server.cluster, both.client)[:-1]
    command = [terminal if word == "-T" else word for word in words] + [asked]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)


def test_the_key_starts_a_client_and_nothing_else(both: Both, boxes: Tree) -> None:
    assert by_key(both, VARIABLES["__bench_release"]).returncode == 0
    done = by_key(both, "touch /var/lib/pgladder/mine; cat /etc/passwd")
    assert (done.returncode, done.stdout) == (2, "")
    assert "this client box runs pgladder 3f2a, and its server's box touch" in done.stderr
    assert "mine" not in boxes.run('ls -A "$1"', HOME)
    terminal = by_key(both, VARIABLES["__bench_release"], "-tt")
    assert "PTY allocation request failed" in terminal.stderr


def test_without_the_key_nobody_comes_in(both: Both, boxes: Tree) -> None:
    boxes.run(AS_USER, "client-of", "--remove")
    assert "Permission denied" in by_key(both, VARIABLES["__bench_release"]).stderr
    [record] = both.run(1)
    assert record.validity.state == "void"
    assert "on the client box elsewhere ended by 255: " in why(record)
    assert "Permission denied" in why(record)


def test_a_box_with_another_host_key_gets_no_job(both: Both) -> None:
    other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMdzZmYyYjZlZDI4ZjQwYjk4ZjM0YjY3ZDg5ZjQx"
    known_hosts_of(both.server.cluster, "127.0.0.1").write_text(f"127.0.0.1 {other}\n")
    [record] = both.run(1)
    assert record.validity.state == "void"
    assert "Host key verification failed" in why(record)


def test_a_client_box_of_another_release_is_named(both: Both, monkeypatch) -> None:
    monkeypatch.setattr(module, "provisioned", lambda: SimpleNamespace(release="older"))
    [record] = both.run(1)
    assert "this client box runs pgladder 3f2a, and its server's box older: make provision" in why(record)


# --- cut off ---------------------------------------------------------------------------------------------------------


def sessions(box: Box) -> list[psutil.Process]:
    """Return the processes of a sshd's sessions, and what these run."""
    found = psutil.Process(box.process.pid).children(recursive=True)
    [listening, *_] = [each for each in found if each.name() == "sshd"]
    return listening.children(recursive=True)


def ended(process: psutil.Process) -> bool:
    """Tell whether it has; the first process of a tree looks after nobody's children."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("cut", one_of("kill", "suspend"))
def test_a_connection_that_is_cut_voids_its_trial_and_leaves_nothing(both: Both, box: Box, cut: str) -> None:
    def cut_off(_: Meddler) -> tuple[list[psutil.Process], list[psutil.Process]]:
        assert "clients of a run of the box at 127.0.0.1" in (holder() or "nobody")
        there = sessions(box)
        clients = [each for each in there if "pgladder box client" in command_line(each)]
        of_sshd = [each for each in there if each.name().startswith("sshd")]
        assert len(clients) >= 2
        # One is gone; or says nothing more, as where a cable is pulled.
        for process in of_sshd:
            getattr(process, cut)()
        return clients, of_sshd

    clients, of_sshd = in_trial(both, cut_off, window_s=60)
    if cut == "suspend":
        for process in of_sshd:
            process.resume()
    [record] = RunDirectory(both.place / "out").records()
    assert record.validity.state == "void"
    assert "client process 0 on the client box elsewhere ended by 255" in why(record)
    wait_for(lambda: all(map(ended, clients)), "the clients ended", 60)
    assert holder() is None
    (both.place / "out").rename(both.place / "before")
    [again] = both.run(1)
    assert again.validity.state != "void", again.validity.why


# --- two boxes that measure ------------------------------------------------------------------------------------------


def test_while_clients_work_on_a_box_no_run_of_its_own_begins_and_the_other_way_round(both: Both) -> None:
    def begin(_: Meddler) -> str:
        with pytest.raises(HostError) as refused, one_run_at_a_time():
            pass
        return str(refused.value)

    assert in_trial(both, begin) == (
        "A run is under way on this box: clients of a run of the box at 127.0.0.1. Wait for it, or end it."
    )
    with one_run_at_a_time():
        there = by_key(both, VARIABLES["__bench_release"])
    assert there.returncode == 2
    assert "a run of this client box's own is under way: process " in there.stderr


def test_a_run_keeps_its_client_boxes_for_itself_until_its_end(both: Both) -> None:
    with kept(both.box, [both.client], print):
        wait_for(holder, "the client box is kept")
        assert holder() == "clients of a run of the box at 127.0.0.1"
        # Clients of that run work there all the same.
        assert by_key(both, VARIABLES["__bench_release"]).returncode == 0
    wait_for(lambda: holder() is None, "it is left to itself", 20)


def test_a_connection_that_keeps_a_client_box_and_is_cut_is_begun_again_and_said(
    both: Both, box: Box, monkeypatch
) -> None:
    monkeypatch.setattr(of_run, "LOOK_S", 0.1)
    heard: list[str] = []
    with kept(both.box, [both.client], heard.append):
        wait_for(holder, "the client box is kept")
        for process in sessions(box):
            if process.name().startswith("sshd"):
                process.kill()
        wait_for(lambda: len(heard) == 2, "it is kept again", 60)
        assert holder() == "clients of a run of the box at 127.0.0.1"
    lost, again = heard
    assert lost.startswith("the connection that keeps the client box elsewhere for this run ended (")
    assert lost.endswith("; pgladder begins it again")
    assert again == "the client box elsewhere is kept for this run again"
    wait_for(lambda: holder() is None, "it is left to itself", 20)


def test_a_run_that_goes_on_waits_for_a_client_box_that_is_not_there_yet(both: Both, boxes: Tree, monkeypatch) -> None:
    monkeypatch.setattr(of_run, "STEP_S", 0.1)
    boxes.run(AS_USER, "client-of", "--remove")
    heard = []

    def hear(sentence: str) -> None:
        if not heard:
            both.authorise(boxes)
        heard.append(sentence)

    assert list(ready_client_boxes(both.plan(1), both.box, hear, resumed=True)) == [both.client]
    waiting, there = heard
    assert waiting.startswith("waiting up to 10 min for the client box elsewhere: no client starts on elsewhere (")
    assert "Permission denied" in waiting
    assert there == "a client starts on elsewhere now"
