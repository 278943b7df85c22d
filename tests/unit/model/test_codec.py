"""JSON and back; what is refused, and in which words."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.codec import from_json, to_json
from bench.model.errors import DataError
from bench.model.fingerprint import Fingerprint, Unreadable
from bench.model.plan import Parameters, Plan
from bench.model.record import Record, Samples
from tests.builders import a_host, a_plan, a_record, a_samples


@pytest.mark.parametrize("thing", [a_plan(), a_host(), a_record(), a_samples()], ids=lambda thing: type(thing).__name__)
def test_what_is_written_is_read_back_the_same(thing):
    assert from_json(to_json(thing), type(thing), "here") == thing


COUNT = st.integers(1, 1 << 62)
ANY_PARAMETERS = st.builds(
    Parameters,
    processes=COUNT,
    in_flight=COUNT,
    pool_min=st.none() | COUNT,
    pool_max=st.none() | COUNT,
    batch=COUNT,
    payload_bytes=COUNT,
    event_loop=st.sampled_from([None, "asyncio", "uvloop"]),
    reset=st.sampled_from([None, "query", "none"]),
)


@given(ANY_PARAMETERS)
def test_parameters_of_any_size_come_back_the_same(parameters):
    assert msgspec.json.decode(to_json(parameters), type=Parameters) == parameters


def test_every_record_is_one_line():
    awkward = a_record(method="two\nlines   and\r\x0b more")
    assert to_json(awkward).splitlines() == [to_json(awkward)]


def test_a_reason_why_a_fact_is_not_known_stays_a_reason():
    read = from_json(to_json(a_host()), Fingerprint, "host.json")
    assert read.facts["cpu"]["microcode"] == Unreadable(unreadable="not in /proc")


def test_a_fact_that_is_an_object_is_not_taken_for_a_reason():
    host = a_host(postgresql={"settings": {"unreadable": "yes", "fsync": "on"}})
    assert from_json(to_json(host), Fingerprint, "host.json").facts["postgresql"]["settings"]["fsync"] == "on"


@pytest.mark.parametrize("version", [3, 9, 10, 100])
def test_a_newer_schema_is_refused_by_name_with_what_to_do(version):
    text = msgspec.json.encode({"schema": f"pgladder/plan/{version}"})
    with pytest.raises(DataError, match=rf"plan\.json has schema pgladder/plan/{version}, newer .*upgrade"):
        from_json(text, Plan, "plan.json")


def test_versions_are_compared_as_numbers(monkeypatch):
    monkeypatch.setattr(Plan.__dataclass_fields__["schema"], "default", "pgladder/plan/9")
    with pytest.raises(DataError, match=r"pgladder/plan/10, newer than this pgladder reads \(pgladder/plan/9\)"):
        from_json(b'{"schema": "pgladder/plan/10"}', Plan, "plan.json")
    monkeypatch.setattr(Plan.__dataclass_fields__["schema"], "default", "pgladder/plan/10")
    with pytest.raises(DataError, match=r"'pgladder/plan/9' where pgladder/plan/10 belongs"):
        from_json(b'{"schema": "pgladder/plan/9"}', Plan, "plan.json")


@pytest.mark.parametrize(
    "found", ['"pgladder/trial/1"', '"pgladder/plan/one"', '"pgladder/plan/²"', "5", "null", "[]", "{}"]
)
def test_what_is_no_plan_is_not_called_newer(found):
    with pytest.raises(DataError, match="where pgladder/plan/2 belongs"):
        from_json(f'{{"schema": {found}}}', Plan, "plan.json")


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"schema": "pgladder/plan/1", "run": 1e999}', b"\xff"])
def test_text_that_is_no_json_object_is_refused_with_the_name_of_its_file(text):
    with pytest.raises(DataError, match=r"^results/plan\.json "):
        from_json(text, Plan, "results/plan.json")


def test_json_nested_without_end_is_refused_like_any_other():
    with pytest.raises(DataError, match=r"plan\.json is not a valid pgladder/plan/2"):
        from_json(b'{"schema": ' + b"[" * 200_000, Plan, "plan.json")


def test_a_wrong_field_is_named_by_its_path():
    text = to_json(a_plan()).replace(b'"in_flight":5', b'"in_flight":-5')
    with pytest.raises(DataError, match=r"^plan\.json .*`int` >= 1 - at `\$\.trials\[1\]\.parameters\.in_flight`"):
        from_json(text, Plan, "plan.json")


def test_a_missing_field_is_named():
    text = to_json(a_record()).replace(b'"verified"', b'"varified"')
    with pytest.raises(DataError, match=r"line 3 .*missing required field `verified`"):
        from_json(text, Record, "trials.jsonl, line 3")


@settings(max_examples=20)
@given(st.binary() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(msgspec.json.encode))
def test_no_text_whatever_makes_reading_fail_otherwise_than_as_wrong_use(text):
    with pytest.raises(DataError):
        from_json(text, Samples, "here")
