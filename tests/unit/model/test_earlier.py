"""What earlier releases wrote is read for ever: as the same figures, in today's form, and as strictly checked."""

import json
from pathlib import Path

import pytest

from bench.analysis.noise import BoxNoise, box_noise
from bench.model.codec import from_json, from_json_lines, to_json
from bench.model.errors import DataError
from bench.model.plan import Plan
from bench.model.record import Record
from tests.builders import a_plan, a_record, a_trial, again, compared_run

KEPT = Path(__file__).parents[3] / "docs/results/formulas"
OF_PARAMETERS = {"processes", "in_flight", "pool_min", "pool_max", "batch", "payload_bytes", "event_loop"}
OF_TRIAL = {"trial", "block", "phase", "method", "variant", "layout", "transport"}


def first_lines(count):
    return b"".join((KEPT / "trials.jsonl").read_bytes().splitlines(keepends=True)[:count])


def test_a_record_of_the_first_form_keeps_every_figure():
    old = json.loads(first_lines(1))
    assert old["schema"] == "pgladder/trial/1"
    new = json.loads(to_json(from_json(first_lines(1), Record, "trials.jsonl")))
    assert {name: new["trial"]["parameters"][name] for name in OF_PARAMETERS} == {n: old[n] for n in OF_PARAMETERS}
    assert {name: new["trial"][name] for name in OF_TRIAL - {"trial"}} == {n: old[n] for n in OF_TRIAL - {"trial"}}
    assert new["trial"]["number"] == old["trial"]
    assert new["latency_ms"].pop("intervals") == {}
    assert (new["cpu"].pop("beside_cores"), new["verified"].pop("deleted")) == (None, 0)
    assert (new["cpu"].pop("standby_cores"), new["cpu"].pop("elsewhere_cores")) == (None, None)
    left = old.keys() - OF_TRIAL - OF_PARAMETERS - {"schema"}
    assert {name: new[name] for name in left} == {name: old[name] for name in left}


def test_a_plan_of_the_first_form_names_the_same_trials():
    text = (KEPT / "plan.json").read_bytes()
    old, new = json.loads(text), from_json(text, Plan, "plan.json")
    assert old["schema"] == "pgladder/plan/1"
    assert [trial.number for trial in new.trials] == [trial["trial"] for trial in old["trials"]]
    assert [trial.phase for trial in new.trials] == [trial["phase"] for trial in old["trials"]]


def test_a_file_of_both_forms_is_read_line_by_line():
    [record] = from_json_lines(first_lines(1), Record, "trials.jsonl")
    assert from_json_lines(first_lines(1) + to_json(record) + b"\n", Record, "trials.jsonl") == [record, record]


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        (b'"batch":500', b'"batch":0', r"`\$\.trial\.parameters\.batch`"),
        (b'"phase":', b'"fase":', r"missing required field `phase` - at `\$\.trial`"),
        (b'"trial":1,', b'"trial":[],', r"`\$\.trial\.number`"),
    ],
)
def test_what_is_wrong_in_a_record_of_the_first_form_is_named(was, becomes, told):
    text = first_lines(1)
    assert was in text
    with pytest.raises(DataError, match=told):
        from_json_lines(text.replace(was, becomes, 1), Record, "trials.jsonl")


@pytest.mark.parametrize(
    ("phase", "driver", "load"),
    [
        ("1", "psycopg2", "closed"),
        ("1-B", "psycopg2", "closed"),
        ("2-B", "asyncpg", "rounds"),
        ("2-G", "asyncpg", "closed"),
    ],
)
def test_where_neither_driver_nor_load_model_is_named_they_are_the_phases(phase, driver, load):
    record, plan = a_record(phase=phase), a_plan(a_trial(1, phase))
    assert (record.trial.driver, record.trial.parameters.load) == (driver, load)
    for known in (record, plan):
        unnamed = json.loads(to_json(known))
        for trial in unnamed.get("trials") or [unnamed["trial"]]:
            del trial["driver"], trial["parameters"]["load"]
        unnamed.pop("engine")
        assert from_json(json.dumps(unnamed, separators=(",", ":")), type(known), "a file") == known


def test_a_noise_floor_that_names_no_driver_is_of_the_phases():
    known = box_noise(again(compared_run({"stock": [100.0, 110.0], "stock-again": [101.0, 109.0]}, phases=("2-B",))))
    unnamed = json.loads(to_json(known))
    for floor in unnamed["floors"]:
        del floor["driver"], floor["parameters"]["load"]
    assert from_json(json.dumps(unnamed, separators=(",", ":")), BoxNoise, "noise") == known


@pytest.mark.parametrize(
    ("phase", "changes", "reset"),
    [("1-B", {}, None), ("2-B", {}, "query"), ("2-B", {"driver": "psycopg"}, None), ("2-B", {"driver": "mine"}, None)],
)
def test_where_no_reset_is_named_asyncpgs_pool_reset_its_sessions(phase, changes, reset):
    before = json.loads(to_json(a_plan(a_trial(1, phase, **changes))))
    for trial in before["trials"]:
        del trial["parameters"]["reset"]
    [trial] = from_json(json.dumps(before), Plan, "plan.json").trials
    assert trial.parameters.reset == reset


def test_a_noise_floor_without_a_reset_is_of_the_trials_that_it_was_of():
    known = box_noise(again(compared_run({"stock": [100.0, 110.0], "stock-again": [101.0, 109.0]}, phases=("2-B",))))
    assert {floor.parameters.reset for floor in known.floors} == {"query"}
    before = json.loads(to_json(known))
    for floor in before["floors"]:
        del floor["parameters"]["reset"]
    assert from_json(json.dumps(before), BoxNoise, "noise.json") == known
