"""Bringing much, which takes some seconds, over a connection that is cut in the middle."""

import hashlib

import pytest

from tests.e2e.lab import Lab
from tests.e2e.remote.control import RUNS, Control, wait_until

BOX, RUN, FILES = "rm2", "large", 150
MAKE = f"""
sudo -u pgladder sh -euc 'mkdir -p {RUNS}/{RUN}/samples && cd {RUNS}/{RUN} && echo plan >plan.json &&
for i in $(seq {FILES}); do head -c 1000000 /dev/urandom >samples/$i.jsonl; done'
"""


@pytest.fixture(scope="module", autouse=True)
def _large(lab: Lab):
    lab.run(BOX, MAKE)
    yield
    lab.run(BOX, f"sudo rm -r {RUNS}/{RUN}")


def test_a_pull_that_is_cut_off_goes_on_and_no_file_in_place_is_half(lab: Lab, control: Control) -> None:
    samples = control.results(RUN, BOX).path / "samples"
    pull = control.fab("pull", f"--limit={BOX}", f"--run={RUN}")
    wait_until(lambda: len(list(samples.glob("*.jsonl"))) > 3, "some files came")
    control.kill_sessions(BOX)
    said = pull.ends(0)
    assert "rm2: the connection was lost" in said
    there = lab.run(BOX, f"sudo sh -c 'cd {RUNS}/{RUN} && sha256sum samples/*'")
    here = {f"samples/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest() for path in samples.iterdir()}
    assert here == {name: digest for digest, name in (line.split() for line in there.splitlines())}


def test_what_was_changed_or_cut_here_is_brought_again(control: Control) -> None:
    samples = control.results(RUN, BOX).path / "samples"
    whole = (samples / "7.jsonl").read_bytes()
    (samples / "7.jsonl").write_bytes(whole[:1000])
    said = control.fab("pull", f"--limit={BOX}", f"--run={RUN}").ends(0)
    assert "rm2: 1 new files" in said
    assert (samples / "7.jsonl").read_bytes() == whole
