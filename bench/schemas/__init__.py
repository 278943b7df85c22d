"""The JSON Schemas of pgladder's files, generated from the classes that write and read them.

``python -m bench.schemas`` writes them beside this file, where they are published; HISTORY.md tells what changed when.
A reader ignores fields it does not know, so that a field may be added without a new version; ``schema`` is constant.
"""

import json
from inspect import cleandoc
from pathlib import Path
from typing import Any

import msgspec

from bench.analysis.comparison import ComparisonReport
from bench.analysis.curves import Sweep
from bench.analysis.durability import DurabilityReport
from bench.analysis.explanation import Explained
from bench.analysis.ladder import Ladders
from bench.analysis.noise import BoxNoise
from bench.analysis.slo import Slo
from bench.model.codec import schema_of
from bench.model.cuts import CutPlan, CutRecord
from bench.model.fingerprint import Fingerprint
from bench.model.plan import Plan
from bench.model.record import Record, Samples
from bench.model.shared import Shared
from bench.model.suspects import Suspects

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DIRECTORY = Path(__file__).parent
FORMATS: tuple[type, ...] = (
    Plan,
    Fingerprint,
    Record,
    Samples,
    Suspects,
    Ladders,
    Explained,
    Sweep,
    Slo,
    ComparisonReport,
    BoxNoise,
    Shared,
    CutPlan,
    CutRecord,
    DurabilityReport,
)


def file_name(kind: type) -> str:
    """Return ``<thing>-<version>.json``."""
    _, thing, version = schema_of(kind).split("/")
    return f"{thing}-{version}.json"


def schema(kind: type) -> dict[str, Any]:
    """Return the JSON Schema of one format, complete in itself."""
    generated = msgspec.json.schema(kind)
    parts = {name: _with_constant(part) for name, part in generated["$defs"].items()}
    whole = {"$schema": DIALECT, **parts.pop(kind.__name__), "title": schema_of(kind)}
    if parts:
        whole["$defs"] = parts
    return whole


def text(kind: type) -> str:
    """Return the file that is published for a format."""
    return json.dumps(schema(kind), indent=2, ensure_ascii=False) + "\n"


def _with_constant(part: dict[str, Any]) -> dict[str, Any]:
    """Whoever names a schema names exactly this one: msgspec has it as a choice of one that may be left out."""
    if "description" in part:
        # Before Python 3.13 a docstring keeps its indentation.
        part = part | {"description": cleandoc(part["description"])}
    properties = dict(part["properties"])
    if "schema" not in properties:
        return part
    constant = {"schema": {"const": properties.pop("schema")["default"]}}
    return part | {"properties": constant | properties, "required": ["schema", *part["required"]]}
