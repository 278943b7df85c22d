"""Comparisons on a real PostgreSQL: what differs is decided, what does not is not called different."""

import json
import shutil
from contextlib import closing

import pytest

from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.variants import harness_for
from bench.engines.postgresql.wal import FEWEST, files_wanted
from bench.plan.check import AGAIN
from bench.store.run_directory import RunDirectory
from tests.examples import one_of
from tests.grades import promised_on
from tests.integration.support import ONCE, CopiedServer, climbing, pgladder, wait_for

ON_DISK = "/var/tmp"
"""In memory a commit costs nothing to flush, and nothing would be faster without."""
MOST_BLOCKS = 24
MOST_S = 900
"""On a machine that others use: undisturbed, three blocks decide in 15 s."""
MARGIN = ["--margin", "0.1"]
UNTIL = ["--until-decided", "--max-blocks", MOST_BLOCKS, *MARGIN]


def told(place, *arguments):
    """The report of a command over pulled files, and its exit code."""
    ended = pgladder(*arguments, "--json", cwd=place)
    assert ended.err == ""
    return json.loads(ended.out), ended.code


@pytest.fixture(scope="module", params=one_of("1-B", "1-B 2"))
def phases(request):
    return request.param


@pytest.fixture(scope="module")
def decided(new_place, phases):
    """``stock`` against ``async-commit``, until that is decided for each phase."""
    asked = ["--phases", phases, "--variants", "stock async-commit", "--warm-up", 0.2, "--window", 0.5, *UNTIL, *ONCE]
    with climbing(new_place(ON_DISK), *asked) as climb:
        wait_for(lambda: climb.process.poll() is not None, "it is decided", MOST_S)
        ended = climb.end()
        assert ended.code == 0, ended.err
        return climb


def test_async_commit_is_faster_and_that_is_decided_early(decided, phases):
    report, code = told(decided.place, "compare", decided.directory.path)
    assert code == 0
    found = [(cell["phase"], cell["pairs"][0]["verdict"]) for cell in report["cells"]]
    assert found == [(phase, "faster") for phase in phases.split()]
    assert report["complete"]
    word, _ = promised_on(decided.place)
    promised = f"These candidates do not have the same durability guarantee: stock {word}; async-commit may lose"
    assert report["notes"][0].startswith(promised)
    assert 3 <= (report["decided_after"] or MOST_BLOCKS) == max(record.trial.block for record in decided.records())


def test_a_run_that_was_decided_has_nothing_left_to_resume(decided):
    before = decided.lines()
    with climbing(decided.place, "--resume", decided.directory.path) as again:
        assert again.end().code == 0
    assert decided.lines() == before
    assert decided.directory.check_sums()


def test_cut_in_the_middle_it_goes_on_until_decided(decided, new_place):
    place = new_place(ON_DISK)
    cut = place / "out"
    shutil.copytree(decided.directory.path, cut)
    directory, count = RunDirectory(cut), len(decided.records())
    directory.reopen()
    lines = (cut / "trials.jsonl").read_bytes().splitlines(keepends=True)
    (cut / "trials.jsonl").write_bytes(b"".join(lines[:-1]))
    (cut / "samples" / f"{count}.jsonl").unlink()
    with climbing(place, "--resume", cut) as again:
        ended = again.end()
    assert ended.code == 0, ended.err
    assert (cut / "trials.jsonl").read_bytes().startswith(b"".join(lines[:-1]))
    report, _ = told(place, "compare", cut)
    assert report["complete"]
    # The trial that is run again may come out otherwise: then more follow.
    verdicts = {cell["pairs"][0]["verdict"] for cell in report["cells"]}
    assert verdicts == {"faster"} or max(record.trial.block for record in RunDirectory(cut).records()) == MOST_BLOCKS


@pytest.mark.slow
def test_stock_against_itself_is_not_called_different_and_tells_the_noise(place):
    # So wide a margin lets a false alarm, which is what one A/A test in twenty gives, pass as equivalent.
    asked = ["--phases", "2-F", "--warm-up", 0.2, "--window", 1, "--blocks", 5, "--margin", "0.9"]
    ended = pgladder("noise", *asked, "--data-dir", place / "data", "--json", cwd=place)
    assert ended.code == 0, ended.err
    [floor] = json.loads(ended.out)["floors"]
    assert "Page: " in ended.err
    assert floor["floor"]["comparison"]["verdict"] in ("equivalent", "undecided")
    assert floor["floor"]["spread"] > 0
    [run] = (place / "results").glob("*/*/plan.json")
    names = [variant["name"] for variant in json.loads(run.read_text())["variants"]]
    assert names == ["stock", f"stock{AGAIN}"]
    assert list((place / "results" / "noise").iterdir())
    report, _ = told(place, "compare", run.parent)
    assert report["cells"][0]["noise"]["spread"] == pytest.approx(floor["floor"]["spread"])


@pytest.mark.slow
def test_a_run_reproduced_is_compared_with_the_first(decided, phases):
    again = decided.place / "again"
    asked = [decided.directory.path, "--out", again, "--data-dir", decided.data_dir, "--margin", "0.9", "--json"]
    ended = pgladder("reproduce", *asked, cwd=decided.place)
    report = json.loads(ended.out)
    verdicts = [pair["verdict"] for cell in report["cells"] for pair in cell["pairs"]]
    assert len(verdicts) == 2 * len(phases.split())
    assert ended.code == (0 if set(verdicts) == {"equivalent"} else 1)
    one, other = decided.directory.plan(), RunDirectory(again).plan()
    assert (one.variants, one.seed, one.harness) == (other.variants, other.seed, other.harness)
    assert one.run != other.run


# --- the same start --------------------------------------------------------------------------------------------------


def test_every_arm_finds_as_many_wal_files_ready_as_a_trial_writes_whatever_its_max_wal_size(new_place):
    server = CopiedServer(new_place(ON_DISK) / "data", find_binaries())
    try:
        server.create(harness_for(40, tls=False), tls=False)
        for size in ("1GB", "16GB", "1GB"):
            server.apply(as_variant(f"wal-{size}", f"max_wal_size = {size}\n"))
            with closing(server.session()) as session:
                wanted = files_wanted(7, None, int(size.removesuffix("GB")) << 30, None)
                session.prepare_wal(7, None, None)
                session.settle()
                assert session.wal_ready() >= wanted == 26 > FEWEST
                there, before = session.wal_segments(), session.wal_position()
                session.run("CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 200000)")
                assert session.wal_position() - before > 200_000_000
                assert session.wal_segments() == there
                session.run("DROP TABLE filler")
    finally:
        server.close()


def test_records_tell_the_wal_files_that_were_created_on_the_way(decided):
    assert all(record.wal_files_created is not None for record in decided.records())
    last_block = max(record.trial.block for record in decided.records())
    assert {record.wal_files_created for record in decided.records() if record.trial.block == last_block} == {0}
