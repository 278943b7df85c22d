"""What is read quickly is what is read thoroughly, and what is wrong is refused by both."""

import json
from dataclasses import asdict, fields

import msgspec
import pytest

from bench.model.codec import from_json, from_json_lines, to_json
from bench.model.outcome import Outcome, outcome_of, quick_plan, quick_records
from bench.model.plan import Plan
from bench.model.record import Record
from tests.builders import a_plan, a_record, a_trial, doubtful, void

RECORDS = [
    a_record(),
    a_record(2, **void()),
    a_record(3, validity=doubtful("suspect", "steal", "two\nlines", 0.07)),
    a_record(4, started="2026-11-22T10:15:07Z", durability="may lose last 600 ms", in_flight_check=None, start=None),
]
TEXT = b"".join(to_json(record) + b"\n" for record in RECORDS)


def test_every_field_of_a_record_is_what_the_codec_makes_of_it():
    for quick, thorough in zip(quick_records(TEXT), from_json_lines(TEXT, Record, "here"), strict=True):
        for field in fields(Record):
            wanted = getattr(thorough, field.name)
            assert msgspec.to_builtins(getattr(quick, field.name)) == msgspec.to_builtins(wanted), field.name


def test_what_is_kept_of_a_record_is_its_own():
    for record in RECORDS:
        outcome = outcome_of(record)
        assert all(getattr(outcome, name) == getattr(record, name) for name in Outcome.__struct_fields__)


def test_a_plan_is_what_the_codec_makes_of_it_and_shares_what_another_has_too():
    plan = a_plan(a_trial(1), a_trial(2, "2-D"))
    text = to_json(plan)
    assert quick_plan(text) == from_json(text, Plan, "here") == plan
    other = quick_plan(to_json(a_plan(a_trial(1), a_trial(3), run="another")))
    assert other.trials[0] is quick_plan(text).trials[0]
    assert other.variants[0] is quick_plan(text).variants[0]


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": "pgladder/trial/1"},
        {"schema": None},
        {"run": "-"},
        {"run": "a\nb"},
        {"started": "2026-11-22 10:15:07Z"},
        {"started": "2026-11-22T10:15:07Z\n2026-11-22T10:15:07"},
        {"durability": "durable, or so"},
        {"rows": -1},
        {"rows": 1.5},
        {"latency_ms": {}},
        {"latency_ms": asdict(RECORDS[0].latency_ms) | {"intervals": {"p50": [1]}}},
        {"cpu": None},
        {"validity": {"state": "fine", "reasons": []}},
        {"trial": asdict(RECORDS[0].trial) | {"variant": "../x"}},
        {"counters": {"wal_sync": "many"}},
        {"fsync_per_s": [-1]},
    ],
)
def test_a_value_that_the_codec_refuses_is_refused(changes):
    given = json.loads(to_json(RECORDS[0]))
    lines = [to_json(RECORDS[1]), json.dumps(given | changes).encode(), b""]
    with pytest.raises(msgspec.DecodeError):
        quick_records(b"\n".join(lines))


@pytest.mark.parametrize("name", [each.name for each in fields(Record)])
def test_a_field_that_is_missing_is_missed_unless_it_has_a_default(name):
    given = json.loads(to_json(RECORDS[0]))
    del given[name]
    line = json.dumps(given).encode() + b"\n"
    try:
        msgspec.json.decode(line, type=Record)
    except msgspec.ValidationError:
        with pytest.raises(msgspec.ValidationError):
            quick_records(line)
    else:
        if name == "schema":
            with pytest.raises(msgspec.ValidationError, match="schema"):
                quick_records(line)
        else:
            [record] = quick_records(line)
            assert record.rows == RECORDS[0].rows


def test_an_empty_line_is_no_record():
    with pytest.raises(msgspec.DecodeError, match="empty line"):
        quick_records(TEXT + b"\n")
