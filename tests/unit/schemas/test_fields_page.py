"""docs/fields.md has every field of the published formats, and none that there is not."""

import dataclasses
import json
import re

import pytest

from bench import schemas
from bench.engines.engine import engines
from bench.engines.postgresql.counters import POSITION, SOURCES
from bench.engines.postgresql.managed import BUILT
from bench.engines.postgresql.trial_session import TrialSession
from bench.model.fingerprint_diff import FSYNC_FACTS
from bench.model.readings import CpuTimes, DiskCounters, Moment, Reading, Stall, SwapPages
from bench.probes.allowance import allowance_facts
from bench.probes.facts import host_facts
from bench.probes.probe import load_probe, probe_files
from tests.kept import KEPT, NAMES
from tests.published import published
from tests.readme import CHECKOUT

PAGE = (CHECKOUT / "docs" / "fields.md").read_text()
MOST_COLUMNS = 128
OF_OTHER_FORMATS = ("Facts: ", "Counters", "Readings", "Observed: ")
"""Sections about names that a format leaves open."""


def sections():
    """By heading, the names in the first column of its table."""
    found = {}
    for part in re.split(r"^### ", PAGE, flags=re.MULTILINE)[1:]:
        heading, _, rest = part.partition("\n")
        first_columns = re.findall(r"^\| (`[^|]*) \|", rest, re.MULTILINE)
        found[heading] = [name for column in first_columns for name in re.findall(r"`([^`]+)`", column)]
    return found


SECTIONS = sections()
FACTS = {name.removeprefix("Facts: "): set(names) for name, names in SECTIONS.items() if name.startswith("Facts: ")}


def parts_of_formats():
    """By the name of each part of a format, its fields."""
    found = {}
    for kind in schemas.FORMATS:
        schema = published(kind)
        for name, part in {kind.__name__: schema, **schema.get("$defs", {})}.items():
            found[name] = list(part["properties"])
    return found


PARTS = parts_of_formats()


def test_every_part_of_a_format_has_its_section_and_no_other_there_is():
    told = {name for name in SECTIONS if not name.startswith(OF_OTHER_FORMATS)}
    assert told == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_every_field_of_a_format_is_in_the_page_once_and_no_other(part):
    assert sorted(SECTIONS[part]) == sorted(PARTS[part])


def test_the_page_names_every_format():
    named = set(re.findall(r"`(pgladder/[a-z]+/\d+)`", PAGE))
    assert named == {published(kind)["title"] for kind in schemas.FORMATS}


def test_every_row_has_a_meaning_and_the_page_is_readable_as_text():
    rows = re.findall(r"^\| `.*$", PAGE, re.MULTILINE)
    assert [row for row in rows if len(row.strip("|").rsplit("|", 1)[-1].strip()) < 2] == []
    assert [line for line in PAGE.splitlines() if len(line) > MOST_COLUMNS] == []


def test_every_fact_that_is_read_here_is_in_the_page(tmp_path):
    facts = {group: set(found) for group, found in host_facts(tmp_path).items()}
    facts["cpu"] |= {f"server_{name}" for name in allowance_facts(tmp_path)} | {"server"}
    facts["disk"] |= {*FSYNC_FACTS, "all"}
    facts["pgladder"] |= {"client_boxes", "clients_on", "limits"}
    facts["postgresql"] = {"variant", *TrialSession.facts(NoServer()), *BUILT, "versions"}
    facts["engines"] = set(engines().own) - {"postgresql"}
    assert facts == FACTS


class NoServer:
    """Answers that of which only the names count."""

    def rows(self, _statement):
        return []

    def value(self, _statement):
        return ""


@pytest.mark.parametrize("name", NAMES)
def test_every_fact_and_field_of_a_kept_run_is_in_the_page(name):
    host = json.loads((KEPT / name / "host.json").read_text())
    for group, facts in host["facts"].items():
        assert set(facts) <= FACTS[group]
    for line in (KEPT / name / "trials.jsonl").read_text().splitlines():
        assert set(json.loads(line)["counters"]) <= set(SECTIONS["Counters"])


def test_every_counter_is_in_the_page():
    assert set(SECTIONS["Counters"]) == {*POSITION, *SOURCES}


def test_every_figure_of_a_probe_is_in_the_page():
    told = {name.removeprefix("Observed: "): set(names) for name, names in SECTIONS.items() if ": " in name}
    own = {name: set(load_probe(path).figures) for name, path in probe_files().items()}
    assert {name: told[name] for name in own} == own


def test_every_reading_is_in_the_page_and_so_are_its_parts():
    names = [field.name for kind in (Moment, Reading) for field in dataclasses.fields(kind)]
    assert sorted(SECTIONS["Readings"]) == sorted(names)
    meanings = PAGE.partition("### Readings")[2].partition("\n## ")[0]
    parts = [field.name for kind in (Stall, SwapPages, CpuTimes, DiskCounters) for field in dataclasses.fields(kind)]
    assert [part for part in parts if f"`{part}`" not in meanings] == []
