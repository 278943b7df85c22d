"""Runs on the provisioned cluster, cut and stopped, and the way back after all that; on the first box."""

import json
from typing import Any

import pytest

from bench.engines.postgresql.render import variant_names
from tests.builders import FROM_18_ON
from tests.e2e.boxes import BOXES
from tests.e2e.lab import Lab, changed, sentence
from tests.examples import one_of

BOX = BOXES[0]
RUNS = "/var/lib/pgladder/runs"
UNIT = "pgladder-run@cut"
RUN = "pgladder run --phases 2-D --batch 50 --warm-up 0.2 --window 1"
"""Small commits: of large ones a busy machine may acknowledge none in a second."""


@pytest.fixture(scope="module", autouse=True)
def _ready(lab: Lab) -> None:
    said = lab.play("provision", BOX)
    assert said.returncode == 0, said.stdout


def _records(lab: Lab) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lab.run(BOX, f"sudo cat {RUNS}/cut/trials.jsonl").splitlines()]


def _codes(record: dict[str, Any]) -> set[str]:
    return {reason["code"] for reason in record["validity"]["reasons"]}


def _as_provisioned(lab: Lab) -> bool:
    etc = "/etc/postgresql/15/pgladder"
    lab.run(BOX, f"sudo cmp {etc}/conf.d/20-variant.conf {etc}/proved/20-variant.conf")
    return lab.sql(BOX, "SELECT count(*) FROM pg_namespace WHERE nspname = 'pgladder'") == "0"


def test_a_run_measures_the_provisioned_cluster_and_leaves_it_as_it_was(lab: Lab) -> None:
    once = "--repeat-suspect no"  # its plan is carried out below, trial by trial
    said = lab.run(BOX, f"sudo -u pgladder {RUN} {once} --json --variants stock shared-buffers-25 --blocks 2")
    [ladder] = json.loads(said)["hosts"]
    assert ladder["complete"] is True
    [run] = lab.run(BOX, f"sudo ls {RUNS}").split()
    host = json.loads(lab.run(BOX, f"sudo cat {RUNS}/{run}/host.json"))
    assert host["facts"]["postgresql"]["settings"]["port"] == "5544"
    assert _as_provisioned(lab)
    lab.run(BOX, "sudo apt-mark hold openssl")  # it is there all the same
    again = lab.play("provision", BOX)
    lab.run(BOX, "sudo apt-mark unhold openssl")
    assert changed(again, BOX) == 0, again.stdout
    begin = f"mkdir cut && cp {run}/plan.json cut/ && sync -f ."
    lab.run(BOX, f"sudo -u pgladder sh -c 'cd {RUNS} && {begin}'")


@pytest.mark.slow  # a trial of each variant
def test_every_built_in_variant_is_started_and_proved_or_refused_with_its_reason(lab: Lab) -> None:
    said = lab.host(BOX).run(f"sudo -u pgladder {RUN} --variants all --blocks 1 --json --out {RUNS}/all")
    assert said.rc in (0, 1), said.stderr
    plan = json.loads(lab.run(BOX, f"sudo cat {RUNS}/all/plan.json"))
    records = [json.loads(line) for line in lab.run(BOX, f"sudo cat {RUNS}/all/trials.jsonl").splitlines()]
    assert {variant["name"] for variant in plan["variants"]} == set(variant_names()) - FROM_18_ON
    assert {record["trial"]["variant"] for record in records} == {trial["variant"] for trial in plan["trials"]}
    for record in records:
        refused = [each["detail"] for each in record["validity"]["reasons"] if each["code"] == "refused"]
        print(record["trial"]["variant"], record["rows"], *refused)  # noqa: T201 - pytest -rP shows it
        if refused:
            assert refused[0].startswith(f"refused: variant {record['variant']}: ")
        else:
            assert record["rows"] > 0
            assert record["validity"]["state"] != "void"
    lab.run(BOX, f"sudo rm -r {RUNS}/all")
    assert _as_provisioned(lab)


def test_another_user_is_told_how(lab: Lab) -> None:
    said = lab.host(BOX).run(RUN)
    assert said.rc == 2
    assert "sudo -u pgladder pgladder run" in said.stderr


def test_a_run_that_is_stopped_keeps_its_records_and_stays_enabled(lab: Lab) -> None:
    lab.run(BOX, f"sudo systemctl enable --now --no-block {UNIT}")
    lab.wait_until(BOX, f"sudo test -e {RUNS}/cut/samples/1.jsonl")
    lab.run(BOX, f"sudo systemctl stop {UNIT}")
    assert "interrupted" in _codes(_records(lab)[-1])
    assert lab.run(BOX, f"systemctl is-enabled {UNIT}").strip() == "enabled"
    assert _as_provisioned(lab)


@pytest.mark.slow  # a run that is followed loses power in remote/test_2_faults
def test_after_a_power_cut_a_run_goes_on_by_itself_and_is_done_with(lab: Lab) -> None:
    before = len(_records(lab))
    lab.run(BOX, f"sudo systemctl start --no-block {UNIT}")
    lab.wait_until(BOX, f"test $(sudo cat {RUNS}/cut/trials.jsonl | wc -l) -gt {before + 1}")
    lab.cut(BOX)
    lab.up()
    lab.wait_until(BOX, f"sudo test -e {RUNS}/cut/SHA256SUMS && ! systemctl is-enabled {UNIT}")
    lab.wait_until(BOX, f"! systemctl is-active {UNIT}")
    cut = {"interrupted", "agent-ended"}
    whole = [record["trial"]["number"] for record in _records(lab) if not cut & _codes(record)]
    assert sorted(whole) == [1, 2, 3, 4]
    assert _as_provisioned(lab)


@pytest.mark.parametrize("play", one_of("teardown", "provision"))
def test_a_run_begun_by_hand_is_not_disturbed(lab: Lab, play: str) -> None:
    lab.run(BOX, f"sudo -u pgladder {RUN} --window 60 --blocks 20 --yes >/dev/null 2>&1 </dev/null & true")
    lab.wait_until(BOX, "grep -q @pgladder-run /proc/net/unix")
    said = sentence(lab.play(play, BOX), BOX)
    lab.run(BOX, "sudo kill $(grep -alsP '/pgladder\\x00run' /proc/[0-9]*/cmdline | cut -d/ -f3)")
    lab.wait_until(BOX, "! grep -q @pgladder-run /proc/net/unix")
    assert "a run begun by hand (process" in said
    assert "of user pgladder) is under way" in said
    assert _as_provisioned(lab)


def test_a_setting_changed_by_hand_stops_a_run_by_its_name(lab: Lab) -> None:
    lab.sql(BOX, "ALTER SYSTEM SET work_mem = '5MB'")
    said = lab.host(BOX).run(f"sudo -u pgladder {RUN}")
    assert said.rc == 1
    assert "work_mem: changed by ALTER SYSTEM; provision this box again" in " ".join(said.stderr.split())


def test_provisioning_mends_that_and_brings_a_formula_into_force(lab: Lab) -> None:
    said = lab.play("provision", BOX, "-e", "postgresql_variant=pgtune-oltp")
    assert said.returncode == 0, said.stdout
    assert lab.sql(BOX, "SELECT sourcefile FROM pg_settings WHERE name = 'work_mem'").endswith("20-variant.conf")
    assert lab.sql(BOX, "SHOW random_page_cost") == "1.1"


@pytest.mark.slow
def test_a_variant_the_server_does_not_start_with_is_put_back(lab: Lab) -> None:
    pages = "SELECT setting FROM pg_settings WHERE name = 'huge_pages'"
    before = lab.sql(BOX, pages)
    said = lab.play("provision", BOX, "-e", "postgresql_variant=huge-pages")
    if said.returncode:  # where no huge pages are set aside
        assert "it is as it was provisioned last. Choose another postgresql_variant" in sentence(said, BOX)
        assert lab.sql(BOX, pages) == before
        assert 'variant = "pgtune-oltp"' in lab.run(BOX, "cat /etc/pgladder.toml")
        lab.run(BOX, f"sudo -u pgladder {RUN} --blocks 1 --json")
        assert _as_provisioned(lab)


def test_clickhouse_joins_it_and_its_rung_is_measured_beside_postgresqls(lab: Lab) -> None:
    said = lab.play("provision", BOX, "-e", "host_roles=clickhouse", "-e", "clickhouse_source=debian")
    assert said.returncode == 0, said.stdout
    asked = "--phases 2-G 3-C3 --batch 500 --warm-up 0.2 --window 1 --blocks 1 --repeat-suspect no"
    done = lab.host(BOX).run(f"sudo -u pgladder pgladder run {asked} --json --out {RUNS}/beside")
    assert done.rc in (0, 1), done.stderr
    records = [json.loads(line) for line in lab.run(BOX, f"sudo cat {RUNS}/beside/trials.jsonl").splitlines()]
    measured = {(record["trial"]["phase"], record["engine"]) for record in records}
    assert measured == {("2-G", "postgresql"), ("3-C3", "clickhouse")}
    for record in records:
        assert record["validity"]["state"] != "void", record["validity"]
        assert record["verified"]["found"] >= record["verified"]["acknowledged"] > 0
    assert lab.run(BOX, "pgrep -c clickhouse || true").strip() == "0"
    assert _as_provisioned(lab)


@pytest.mark.slow
def test_a_teardown_that_is_in_the_way_of_a_program_names_it(lab: Lab) -> None:
    lab.run(BOX, "sudo systemd-run --unit hold-user -p User=pgladder sleep 300")
    said = lab.play("teardown", BOX)
    lab.run(BOX, "sudo systemctl stop hold-user")
    assert "user pgladder is currently used by process" in sentence(said, BOX)


def test_a_teardown_while_packages_are_installed_says_so(lab: Lab) -> None:
    with lab.dpkg_locked(BOX):
        said = lab.play("teardown", BOX)
    assert "another program is installing packages" in sentence(said, BOX)


def test_teardown_after_many_runs_leaves_nothing(lab: Lab, as_found: set[str]) -> None:
    lab.package(BOX, "theirs", needs="libpq5")
    said = lab.play("teardown", BOX)
    assert said.returncode == 0, said.stdout
    kept = " ".join(said.stdout.split()).split("other packages (theirs) came to need them: ")[1].split("'")[0]
    assert "libpq5" in kept.split()
    assert "python3" not in kept.split()
    lab.run(BOX, f"sudo apt-get -qq -y purge theirs {kept} >/dev/null")
    assert lab.snapshot(BOX) ^ as_found == set()
    again = lab.play("teardown", BOX)
    assert changed(again, BOX) == 0
