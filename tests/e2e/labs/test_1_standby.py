"""Two boxes, one the other's standby: from bare, through a run that waits for it and a promotion, to put back again."""

import json

import pytest

from tests.e2e.lab import Lab, changed, sentence
from tests.e2e.labs import BOXES
from tests.examples import one_of

PAIR = PRIMARY, STANDBY = BOXES[:2]
BOTH = ",".join(PAIR)
OF_PRIMARY = ("-e", f"replica_of={PRIMARY}")
ETC = "/etc/postgresql/15/pgladder"
RUN = "sudo -u pgladder pgladder run --phases 2-D --batch 50 --warm-up 0.2 --window 1 --blocks 1 --json"
STREAMING = "SELECT state, sync_state, ssl FROM pg_stat_replication JOIN pg_stat_ssl USING (pid)"
WRITE = "CREATE TABLE public.kept AS SELECT 42 AS x"
LEFT = """
SELECT (SELECT count(*) FROM pg_replication_slots), (SELECT count(*) FROM pg_roles WHERE rolname ~ 'standby'),
  (SELECT count(*) FROM pg_hba_file_rules WHERE 'replication' = ANY(database)), current_setting('listen_addresses')
"""


@pytest.mark.slow  # the words are those of unit/inventory/test_wrong_variables
def test_a_primary_that_is_none_yet_is_named_before_anything_changes(lab: Lab, as_found: dict[str, set[str]]) -> None:
    said = lab.play("provision", STANDBY, *OF_PRIMARY)
    assert f"its primary, {PRIMARY}, has no cluster of pgladder's: make provision there" in sentence(said, STANDBY)
    assert lab.snapshot(STANDBY) == as_found[STANDBY]


@pytest.mark.slow
def test_one_that_nothing_reaches_is_named_and_a_check_changes_nothing(lab: Lab, as_found: dict[str, set[str]]) -> None:
    said = lab.play("provision", STANDBY, "-e", "replica_of=127.0.0.9")
    assert "its primary, 127.0.0.9, can't be reached: " in sentence(said, STANDBY)
    said = lab.play("provision", BOTH, "--check", *OF_PRIMARY)
    assert said.returncode == 0, said.stdout
    assert lab.snapshot(STANDBY) == as_found[STANDBY]


def test_both_are_made_ready_at_once_and_a_row_comes_over_by_tls(lab: Lab) -> None:
    said = lab.play("provision", BOTH, *OF_PRIMARY)
    assert said.returncode == 0, said.stdout
    assert f"{PRIMARY}: ready to measure" in said.stdout
    assert f"{STANDBY}: a standby of {PRIMARY}" in said.stdout
    secret = lab.run(STANDBY, f"sudo cat {ETC}/primary.pgpass").strip().rpartition(":")[2]
    assert len(secret) > 30
    assert secret not in said.stdout + said.stderr
    assert lab.run(STANDBY, f"sudo stat -c '%a %U' {ETC}/primary.pgpass").split() == ["600", "pgladder"]
    lab.sql(PRIMARY, WRITE)
    asked = "sudo -iu pgladder psql -At -h /run/pgladder -p 5544 -d postgres -c 'SELECT x FROM public.kept'"
    lab.wait_until(STANDBY, f"{asked} 2>/dev/null | grep -qx 42")
    assert lab.sql(PRIMARY, STREAMING) == "streaming|async|t"
    assert lab.sql(STANDBY, "SELECT status FROM pg_stat_wal_receiver") == "streaming"
    address = lab.address(STANDBY)
    rule = "SELECT type, address, netmask, auth_method FROM pg_hba_file_rules WHERE 'replication' = ANY(database)"
    assert lab.sql(PRIMARY, rule) == f"hostssl|{address}|255.255.255.255|scram-sha-256"
    assert lab.sql(PRIMARY, "SHOW max_slot_wal_keep_size") == "1GB"


@pytest.mark.parametrize("box", one_of(STANDBY, PRIMARY))  # the primary also once it is torn down, below
def test_made_ready_again_nothing_changes(lab: Lab, box: str) -> None:
    said = lab.play("provision", box, *OF_PRIMARY)
    assert said.returncode == 0, said.stdout
    assert changed(said, box) == 0, said.stdout


@pytest.mark.slow  # the words are those of unit/inventory/test_replica
@pytest.mark.parametrize(
    ("given", "names"),
    [
        ((), f"its cluster 15/pgladder is a standby of {PRIMARY}: say so again by REPLICA_OF={PRIMARY}"),
        (("-e", "replica_of=another"), f"is a standby of {PRIMARY}, not of another"),
        ((*OF_PRIMARY, "-e", "postgresql_max_connections=200"), f"{PRIMARY}, takes 300 connections"),
    ],
)
def test_a_standby_stays_whose_it_is(lab: Lab, given: tuple[str, ...], names: str) -> None:
    assert names in sentence(lab.play("provision", STANDBY, *given), STANDBY)


def test_a_run_on_the_primary_waits_for_it_and_sees_how_far_it_is(lab: Lab) -> None:
    said = lab.host(PRIMARY).run(RUN)
    assert said.rc == 2
    assert f"The standby at {lab.address(STANDBY)} follows this box's cluster in every trial" in said.stderr
    said = lab.host(STANDBY).run(RUN)
    assert said.rc == 2
    assert f"was made as a standby of {PRIMARY}, which takes no writes" in said.stderr
    done = lab.host(PRIMARY).run(f"{RUN} --replica on --out /var/lib/pgladder/runs/waits")
    assert done.rc == 0, done.stderr
    record = json.loads(lab.run(PRIMARY, "sudo tail -n 1 /var/lib/pgladder/runs/waits/trials.jsonl"))
    assert record["rows"] > 0
    assert record["validity"]["state"] != "void", record["validity"]
    assert record["observed"]["replication"]["instants"] > 0
    assert lab.sql(PRIMARY, "SHOW synchronous_standby_names") == ""


def test_promoted_it_takes_writes_and_is_not_overwritten(lab: Lab) -> None:
    assert lab.sql(STANDBY, "SELECT pg_promote()") == "t"
    lab.sql(STANDBY, "INSERT INTO public.kept VALUES (43)")
    said = lab.play("provision", STANDBY, *OF_PRIMARY)
    assert f"was a standby of {PRIMARY} and was promoted: it takes writes of its own" in sentence(said, STANDBY)
    assert lab.sql(STANDBY, "SELECT count(*) FROM public.kept") == "2"


def test_torn_down_it_leaves_nothing_on_either(lab: Lab, as_found: dict[str, set[str]]) -> None:
    said = lab.play("teardown", STANDBY)
    assert said.returncode == 0, said.stdout
    assert lab.snapshot(STANDBY) ^ as_found[STANDBY] == set()
    assert lab.sql(PRIMARY, LEFT) == "0|0|0|localhost"
    assert lab.run(PRIMARY, f"sudo find {ETC} -name '*standby*'; sudo grep -l standby.conf {ETC}/*.conf || true") == ""
    assert changed(lab.play("provision", PRIMARY), PRIMARY) == 0


@pytest.mark.slow
def test_torn_down_after_its_primary_it_leaves_nothing_either(lab: Lab, as_found: dict[str, set[str]]) -> None:
    said = lab.play("provision", STANDBY, *OF_PRIMARY)
    assert said.returncode == 0, said.stdout
    assert lab.sql(PRIMARY, STREAMING) == "streaming|async|t"
    for box in PAIR:
        said = lab.play("teardown", box)
        assert said.returncode == 0, said.stdout
        assert lab.snapshot(box) ^ as_found[box] == set()


@pytest.mark.slow
def test_torn_down_its_primary_is_as_it_was_found(lab: Lab, as_found: dict[str, set[str]]) -> None:
    said = lab.play("teardown", PRIMARY)
    assert said.returncode == 0, said.stdout
    assert lab.snapshot(PRIMARY) ^ as_found[PRIMARY] == set()
