"""How long a box of the inventory keeps one waiting: from a launch to its first trial, and for 50 MB to be brought."""

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from time import perf_counter, time

from bench.remote.hosts import CHECKOUT, Host, answered, ask_ansible
from bench.remote.link import Link
from bench.remote.secrets import Secrets
from bench.remote.where import target
from bench.store.run_directory import RunDirectory

RUNS = "/var/lib/pgladder/runs"
TIMES = 5
SHORT = ("--phases=2-C", "--blocks=1", "--warm-up=0.2", "--window=0.5")
MAKE = f"""
set -eu; mkdir -p {RUNS}/"$1"/samples; cd {RUNS}/"$1"; echo plan >plan.json
for i in $(seq 50); do head -c 1000000 /dev/urandom >samples/$i.jsonl; done
"""
REMOVE = f'rm -r {RUNS}/"$1"'


def remote_seconds(limit: str, directory: Path) -> tuple[list[float], list[float]]:
    """Return seconds to the first trial, and seconds of bringing 50 MB, several times: a lab's box has our clock."""
    [host] = answered(ask_ansible(target(limit=limit)))
    launches = [_launch_seconds(host, f"perf-{number}", directory) for number in range(TIMES)]
    return launches, [_pull_seconds(host, f"perf-large-{number}", directory) for number in range(TIMES)]


def _launch_seconds(host: Host, run: str, directory: Path) -> float:
    began = time()
    _fab("ladder", f"--limit={host.name}", f"--run={run}", *SHORT, directory=directory)
    [record] = RunDirectory(directory / "results" / run / host.name).records()
    _on(host, REMOVE, run)
    return datetime.fromisoformat(record.started).timestamp() - began


def _pull_seconds(host: Host, run: str, directory: Path) -> float:
    _on(host, MAKE, run)
    began = perf_counter()
    _fab("pull", f"--limit={host.name}", f"--run={run}", directory=directory)
    taken = perf_counter() - began
    _on(host, REMOVE, run)
    return taken


def _on(host: Host, script: str, run: str) -> None:
    link = Link(host, Secrets())
    said = link.run(script, run, user=host.agent_user)
    link.close()
    assert said.code == 0, said.err


def _fab(*words: str, directory: Path) -> None:
    fab = Path(sys.executable).with_name("fab")
    subprocess.run([fab, "--search-root", CHECKOUT, *words], cwd=directory, check=True, stdout=subprocess.DEVNULL)
