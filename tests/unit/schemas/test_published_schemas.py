"""The published schemas are those of the classes, and tell real records from broken ones."""

import re
from functools import cache, reduce
from operator import getitem
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft202012Validator, ValidationError

from bench import schemas
from bench.analysis.compare import compare_arms
from bench.analysis.durability import durability
from bench.analysis.ladder import Ladders
from bench.analysis.noise import box_noise
from bench.model.codec import to_json
from bench.model.earlier import EARLIER
from bench.model.plan import Plan
from bench.model.record import Record
from tests.builders import a_host, a_plan, a_record, a_report, a_samples, again, compared_run, void
from tests.cuts import cut, plan
from tests.published import published

REAL = [
    a_plan(),
    a_host(),
    a_record(),
    a_record(2, "1", start=None, in_flight_check=None, checkpoint_s=None, **void()),
    a_samples(),
    Ladders(hosts=(a_report(a_record(1, "1"), a_record(2, "2-C")), a_report(host=None, complete=False))),
    Ladders(hosts=()),
    compare_arms([compared_run({"a": [1.0, 2], "b": [None, 3]})], lambda _cell, _blocks: None),
    box_noise(again(compared_run({"a": [1.0, 2], "a-again": [1.0, 3]}))),
    plan(power=1),
    cut(lost=3, ms=1.5),
    durability(plan(power=2), [cut(), cut(number=2, lost=3, ms=1.5)]),
]
KEPT = Path(__file__).parents[3] / "docs/results/formulas"
STILL_READ = {name for earlier in EARLIER.values() for name in earlier}
WRONG_TYPES = {"run": 5, "trial": "one", "runs": 5, "floors": 5, "hosts": 5, "cut": "one"}


@cache
def validator(kind):
    Draft202012Validator.check_schema(published(kind))
    return Draft202012Validator(published(kind))


def validate(thing, document=None):
    validator(type(thing)).validate(document or msgspec.json.decode(to_json(thing)))


@pytest.mark.parametrize("kind", schemas.FORMATS)
def test_what_is_published_is_what_the_classes_generate(kind):
    path = schemas.DIRECTORY / schemas.file_name(kind)
    assert path.read_text() == schemas.text(kind), "run: python -m bench.schemas"


def test_no_schema_is_published_that_no_class_stands_behind():
    published = {path.name for path in schemas.DIRECTORY.glob("*.json")}
    today = {schemas.file_name(kind) for kind in schemas.FORMATS}
    assert published == today | {f"{name.replace('pgladder/', '').replace('/', '-')}.json" for name in STILL_READ}


@pytest.mark.parametrize(("name", "file"), [("plan-1", "plan.json"), ("trial-1", "trials.jsonl")])
def test_a_file_of_an_earlier_release_validates_against_the_schema_of_its_time(name, file):
    schema = msgspec.json.decode((schemas.DIRECTORY / f"{name}.json").read_bytes())
    for line in (KEPT / file).read_bytes().splitlines()[:5]:
        Draft202012Validator(schema).validate(msgspec.json.decode(line))


def test_the_history_has_an_entry_with_a_date_for_every_format():
    history = (schemas.DIRECTORY / "HISTORY.md").read_text()
    told = set(re.findall(r"^\| \d{4}-\d\d-\d\d \| `(pgladder/[a-z]+/\d+)` \|", history, re.MULTILINE))
    assert told == {schemas.schema(kind)["title"] for kind in schemas.FORMATS} | STILL_READ


@pytest.mark.parametrize("thing", REAL, ids=lambda thing: type(thing).__name__)
def test_what_is_written_validates(thing):
    validate(thing)


@pytest.mark.parametrize("thing", REAL, ids=lambda thing: type(thing).__name__)
@pytest.mark.parametrize("change", [{"schema": "pgladder/trial/9"}, {"schema": None}, WRONG_TYPES])
def test_another_schema_or_a_field_of_the_wrong_type_does_not_validate(thing, change):
    document = msgspec.json.decode(to_json(thing)) | change
    with pytest.raises(ValidationError):
        validate(thing, document)


@pytest.mark.parametrize("thing", REAL, ids=lambda thing: type(thing).__name__)
def test_a_file_that_does_not_name_its_schema_does_not_validate(thing):
    document = msgspec.json.decode(to_json(thing))
    del document["schema"]
    with pytest.raises(ValidationError):
        validate(thing, document)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trial.number", 0),
        ("rows", -1),
        ("trial.layout", "rou nd"),
        ("trial.transport", "pigeon"),
        ("trial.parameters.batch", 0),
        ("durability", "probably"),
        ("validity", {"state": "fine", "reasons": []}),
        ("latency_ms", {"p50": 1.0}),
        ("run", "../elsewhere"),
    ],
)
def test_a_record_with_a_value_outside_the_contract_does_not_validate_and_is_not_read(field, value):
    document = msgspec.json.decode(to_json(a_record()))
    *places, name = field.split(".")
    reduce(getitem, places, document)[name] = value
    with pytest.raises(ValidationError):
        validate(a_record(), document)
    with pytest.raises(msgspec.ValidationError, match=re.escape(f"$.{field}")):
        msgspec.json.decode(msgspec.json.encode(document), type=Record)


def test_a_fact_without_value_or_reason_does_not_validate():
    with pytest.raises(ValidationError):
        validate(a_host(cpu={"model": None}))


def test_a_field_of_a_later_version_is_no_fault():
    document = msgspec.json.decode(to_json(a_plan())) | {"weather": "fine"}
    validate(a_plan(), document)
    assert msgspec.json.decode(msgspec.json.encode(document), type=Plan) == a_plan()
