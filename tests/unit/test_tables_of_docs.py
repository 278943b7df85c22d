"""Tables of the documentation that repeat what code knows have all of it, and nothing else."""

import argparse
import re
import shlex
import tomllib
from dataclasses import replace
from itertools import pairwise
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
import yaml

from bench.analysis.durability import KINDS
from bench.analysis.explanation import Conclusion
from bench.analysis.published import PUBLISHED
from bench.box.state import BoxState
from bench.cli.box import add_box
from bench.constraints.constraint import constraints
from bench.doctor.checks import CHECKS
from bench.engines.engine import engines
from bench.engines.postgresql.layout import table_layout
from bench.engines.postgresql.majors import NEWEST, OLDEST
from bench.engines.postgresql.variants import Machine, harness_for
from bench.model.language import FOLDER
from bench.model.plan import KNOBS, NULL, Parameters
from bench.model.record import Reason
from bench.model.shared import CODES
from bench.model.values import Durability, Replica, Transport
from bench.plan.estimate import estimate
from bench.plan.options import (
    BESIDE,
    DETAIL,
    FORMAT,
    GIVEN_PLANS,
    JSON,
    ON_BOXES,
    ON_THIS_MACHINE,
    OPTIONS,
    RUN,
    YES,
    read_options,
)
from bench.plan.remaining import to_come
from bench.plan.request import make_design
from bench.probes.system_packages import known
from bench.questions import load_question, questions
from bench.results.vocabulary import own_words
from bench.seams import load
from bench.targets.box_plans import Asked, plan_for
from bench.targets.cuts import CUTS, KILLS
from bench.targets.notify import Event
from bench.tuning.hardware import Hardware
from bench.validity.judge import state_of
from bench.workload.driver import drivers
from bench.workload.load import loads
from bench.workload.phase import ladder, usual
from tests.readme import CHECKOUT

NAME = re.compile(r"`([^`]+)`")
PAGES = ["README.md", *sorted(f"docs/{path.name}" for path in (CHECKOUT / "docs").glob("*.md"))]
COMMON = (*OPTIONS, *ON_THIS_MACHINE, *GIVEN_PLANS, *ON_BOXES, *BESIDE, RUN, YES, DETAIL, JSON, FORMAT)


def text_of(page):
    return (CHECKOUT / page).read_text()


def cells(line):
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))]


def rows_of(page, *heads):
    """The rows of those tables of a page whose first columns are headed so, each as its cells."""
    rows = []
    for block in re.findall(r"(?:^\|.*\n)+", text_of(page), re.MULTILINE):
        head, _, *lines = map(cells, block.splitlines())
        if tuple(head[: len(heads)]) == heads:
            rows += lines
    assert rows, f"{page} has no table headed {' | '.join(heads)}."
    return rows


def names(text):
    return NAME.findall(text)


def first_names(rows):
    return [name for first, *_ in rows for name in names(first)]


def agree(where, told, known):
    lacking, surplus = sorted(set(known) - set(told)), sorted(set(told) - set(known))
    assert not lacking, f"{where} lacks {', '.join(lacking)}."
    assert not surplus, f"{where} names {', '.join(surplus)}, which there is not."


# --- what is measured ------------------------------------------------------------------------------------------------


def test_every_layout_is_in_a_table_with_its_baseline():
    told = {}
    for page in ("docs/running.md", "docs/engines.md", "docs/clickhouse.md"):
        for first, *_, baseline in rows_of(page, "layout"):
            told |= dict.fromkeys(names(first), (names(baseline) or [None])[0])
    known = {name: table_layout(name).baseline for name in own_words().layouts}
    agree("Of layouts the documentation", told, known)
    assert told == known


def test_every_engine_is_in_the_table():
    agree("docs/engines.md", first_names(rows_of("docs/engines.md", "engine")), {*engines().own, NULL})


def is_postgresql(engine):
    return engine is None


def is_clickhouse(engine):
    return engine == "clickhouse"


def is_another(engine):
    return engine not in (None, "clickhouse")


@pytest.mark.parametrize(
    ("page", "head", "has"),
    [
        ("docs/running.md", "rung", is_postgresql),
        ("docs/engines.md", "rung", is_another),
        ("docs/clickhouse.md", "phase", is_clickhouse),
    ],
)
def test_every_rung_that_is_measured_only_by_name_is_in_a_table(page, head, has):
    rungs = ladder()
    known = [name for name in rungs.own if not rungs[name].usual and has(rungs[name].engine)]
    agree(page, first_names(rows_of(page, head)), known)


def test_a_rung_of_clickhouse_writes_as_many_rows_as_the_table_says():
    told = {}
    for first, rows, _ in rows_of("docs/clickhouse.md", "phase"):
        [name] = names(first)
        told[name] = int(re.match(r"\d[\d,]*", rows)[0].replace(",", ""))
    assert told == {name: ladder()[name].parameters.batch for name in told}


def test_a_rung_of_timescaledb_writes_as_the_one_that_the_table_names():
    for first, _, alike in rows_of("docs/engines.md", "rung", "what it does", "as"):
        [name] = names(first)
        assert ladder()[name].parameters == ladder()[alike].parameters, f"{name} does not write as {alike}."


def test_the_published_rates_are_those_that_runs_are_held_against():
    told = {}
    for rung, rate in rows_of("docs/n100.md", "rung", "published, rows/s"):
        told[rung.partition(",")[0]] = float(rate.replace(",", ""))
    assert told == {each.phase: each.rows_per_s for each in PUBLISHED}


CONNECTIONS = int(re.search(r"`postgresql_max_connections: (\d+)`", text_of("docs/n100.md"))[1])
N100 = BoxState(
    version="0.1.0",
    release="abc",
    host="n100",
    machine=Machine(Hardware(ram_mb=16_384, cores=4, disk="nvme", disk_gb=500), huge_page_bytes=0),
    shares_kernel=False,
    harness=harness_for(CONNECTIONS, tls=True).text,
    postgresql="15",
    installed=("15",),
    max_connections=CONNECTIONS,
    free_bytes=400_000_000_000,
    holder=None,
    runs=(),
)


def plan_of(command):
    """The plan that a command of make has a box carry out."""
    _, name, *typed = shlex.split(command)
    question = load_question(name)
    words = {word.partition("=")[0].lower(): word.partition("=")[2] for word in typed}
    request = question.request(read_options(words, [*OPTIONS, *question.options, YES]))
    design = make_design(request.given, transports=["tcp"], phases=usual(own=True))
    design = replace(design, explains=request.explains)
    return plan_for(N100, Asked(design=design, run="r", created="2026-11-30T10:00:00+00:00", seed=1))


def seconds(text):
    hours, minutes = re.fullmatch(r"(?:(\d+) h )?(\d+) min", text).groups()
    return 3600 * int(hours or 0) + 60 * int(minutes)


@pytest.mark.parametrize("row", rows_of("docs/n100.md", "question"), ids=lambda row: row[0])
def test_the_day_of_the_n100_is_planned_as_pgladder_reckons(row):
    _, command, trials, time, written = row
    if trials.startswith("about"):
        pytest.skip("how many trials a search takes follows from what they reach")
    plan = plan_of(*names(command))
    left = to_come(plan, [])
    taken, count = estimate(plan, left), len(left)
    assert count == int(trials.replace(",", ""))
    # The page has whole minutes.
    assert taken.seconds == pytest.approx(seconds(time), rel=0.1, abs=30)
    assert taken.written_bytes / 1e9 == pytest.approx(int(written.removesuffix(" GB")), rel=0.1)


# --- what is answered ------------------------------------------------------------------------------------------------


def test_every_constraint_is_in_the_table():
    agree("docs/explaining.md", first_names(rows_of("docs/explaining.md", "constraint")), constraints().own)


def test_every_conclusion_is_in_the_table():
    told = [word.strip("*") for word, _ in rows_of("docs/explaining.md", "word")]
    agree("docs/explaining.md", told, get_args(Conclusion))


DOUBTS = rows_of("docs/trust.md", "code", "state")


def test_every_doubt_is_in_the_table():
    told = {name for first, _, words in DOUBTS for name in names(first + words)}
    known = {code for code in CODES if not code.endswith("-unknown")}
    assert known <= told, f"docs/trust.md lacks {', '.join(sorted(known - told))}."


@pytest.mark.parametrize("page", ["docs/trust.md", "docs/replicas.md"])
def test_a_doubt_makes_of_a_trial_what_the_table_says(page):
    rows = rows_of(page, "code", "state")
    told = {code: state for first, state, _ in rows for code in names(first)}
    codes = {code.replace("…", "some") for code in told}
    assert {code.replace("…", "some"): state for code, state in told.items()} == {
        code: state_of([Reason(code=code, detail="")]) for code in codes
    }


def test_every_grade_of_durability_is_in_the_table():
    pattern = get_args(Durability)[1].pattern
    grades = pattern.removeprefix("^(").removesuffix(")$").replace(r"\d+", "N").split("|")
    agree("docs/trust.md", first_names(rows_of("docs/trust.md", "grade")), grades)


def test_every_kind_of_cut_is_in_the_table_with_its_option():
    told = {}
    for kind, option, _ in rows_of("docs/durability.md", "kind"):
        [name] = names(kind)
        if name == "machine":  # the cuts of a box that is named
            continue
        flag, usual = re.fullmatch(r"`--(\w+) N`, (\d+)", option).groups()
        told[name] = flag, int(usual)
    agree("docs/durability.md", {*told, "machine"}, KINDS)
    assert told == {"power": ("cuts", CUTS), "torn": ("torn", 0), "kill": ("kills", KILLS)}
    options = {option.name for option in load_question("durability").options_to_measure}
    assert {flag for flag, _ in told.values()} <= options


def test_every_variable_of_a_notification_is_in_the_table():
    known = Event(what="finished", question="", run="", sentence="").environment()
    agree("docs/exporting.md", first_names(rows_of("docs/exporting.md", "variable")), known)


def test_every_korean_word_of_the_table_is_one_that_the_catalogue_uses():
    catalogue = (FOLDER / "ko/LC_MESSAGES/pgladder.po").read_text()
    told = [word for _, words in rows_of("docs/languages.md", "word") for word in re.findall("[가-힣][가-힣 ]*", words)]
    lacking = [word for word in told if word.strip() not in catalogue]
    assert not lacking, f"No message has {', '.join(lacking)}, which docs/languages.md names."


# --- what is asked ---------------------------------------------------------------------------------------------------


def choices(name):
    """The values of a parameter that takes some words alone."""
    hint = get_type_hints(Parameters)[name] if name in KNOBS else str
    found = set()
    for part in (hint, *get_args(hint)):
        if get_origin(part) is Literal:
            found |= set(get_args(part))
    return found


@pytest.mark.parametrize("page", ["docs/mixed.md", "docs/rates.md", "docs/replicas.md"])
def test_every_option_of_a_table_is_one_and_has_all_its_values_there(page):
    told = {}
    for first, _ in rows_of(page, "option"):
        flag, *others = names(first)
        option, _, value = flag.removeprefix("--").partition(" ")
        told.setdefault(option.replace("-", "_"), set()).update({value, *others})
    known = {option.name for option in OPTIONS}
    assert told.keys() <= known, f"{page} names {', '.join(told.keys() - known)}, which is no option."
    for name, values in told.items():
        if choices(name):
            agree(f"{page}, of --{name.replace('_', '-')},", values, choices(name))


def test_every_word_of_make_in_the_table_is_one():
    words = " ".join(first for first, _ in rows_of("docs/boxes.md", "words"))
    told = {word.lower() for word in re.findall(r"\b([A-Z_]+)=", words)}
    known = {option.name for option in COMMON}
    assert told <= known, f"docs/boxes.md names {', '.join(told - known)}, which is no word."


def test_every_option_is_somewhere_in_the_documentation():
    options = {option.name: option for option in COMMON}
    for name in questions():
        question = load_question(name)
        for option in (*question.options, *question.options_of_results, *question.options_to_measure):
            options[option.name] = option
    everything = "\n".join(map(text_of, PAGES))
    lacking = []
    for name, option in options.items():
        if not re.search(rf"{option.flag}(?![\w-])|\b{name.upper()}=", everything):
            lacking.append(option.flag)
    assert not lacking, f"The documentation lacks {', '.join(lacking)}."


def test_every_parameter_that_can_be_swept_is_named():
    swept = text_of("docs/sweeping.md").partition("## What can be swept")[2].partition("\n\n## ")[0]
    lacking = KNOBS.keys() - set(names(swept))
    assert not lacking, f"docs/sweeping.md lacks {', '.join(sorted(lacking))}."


def test_the_table_of_folders_says_what_a_file_in_one_defines():
    seams = {"drivers": drivers(), "loads": loads(), "engines": engines()}
    rows = rows_of("docs/running.md", "folder")
    agree("docs/running.md", first_names(rows), seams)
    for folder, defines, where in rows:
        seam = seams[names(folder)[0]]
        constant = names(defines)[0]
        assert hasattr(load(seam.files[seam.own[0]]), constant), f"A file in {folder} defines no {constant}."
        assert (CHECKOUT / "docs" / re.search(r"\]\(([^)]+)\)", where)[1]).is_file()


# --- what boxes are made ready by, and asked --------------------------------------------------------------------------


def test_whatever_the_doctor_looks_at_is_in_the_table():
    told = first_names(rows_of("docs/doctor.md", "check", "what is looked at"))
    agree("docs/doctor.md", told, {*CHECKS, "SSH", "sudo", "fsync", "pgladder"})


@pytest.mark.parametrize("role", sorted(path.name for path in (CHECKOUT / "roles").iterdir()))
def test_every_entry_point_of_a_role_is_in_its_table(role):
    specified = yaml.safe_load(text_of(f"roles/{role}/meta/argument_specs.yml"))["argument_specs"]
    page = f"roles/{role}/README.md"
    agree(page, first_names(rows_of(page, "entry point")), specified)


def test_every_step_that_a_box_is_asked_for_is_in_a_table():
    parser = argparse.ArgumentParser()
    add_box(parser)
    [steps] = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    told = [name.split()[1] for name in first_names(rows_of("roles/bench/README.md", "step"))]
    agree("roles/bench/README.md", told, steps.choices)


# --- where it runs ---------------------------------------------------------------------------------------------------


def test_the_majors_of_postgresql_are_the_same_everywhere():
    ranges = {}
    for page in PAGES:
        for found in re.findall(r"PostgreSQL (\d\d) to (\d\d)", text_of(page)):
            ranges.setdefault(found, page)
    assert ranges.keys() == {(str(OLDEST), str(NEWEST))}, f"These differ: {ranges}"


def test_the_readme_names_every_system_and_the_postgresql_of_those_that_are_tested():
    systems = known()["systems"]
    told = " ".join(where for _, where, _ in rows_of("README.md", "what"))
    for entry in systems.values():
        family, version = entry["name"].split()
        assert re.search(rf"{family}[\d. and]*\b{re.escape(version)}\b", told), f"README.md lacks {entry['name']}."
        if entry["tested"]:
            assert f"{entry['name']} with its PostgreSQL {entry['postgresql']}" in told


# --- the glossary and the floor plan ---------------------------------------------------------------------------------

MEANINGS = dict(rows_of("docs/glossary.md", "word"))


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("driver", drivers().own),
        ("load model", loads().own),
        ("engine", engines().own),
        ("level", get_args(Replica)),
        ("transport", get_args(Transport)),
        ("phase", [each.phase for each in PUBLISHED]),
    ],
)
def test_the_glossary_lists_what_there_is(word, known):
    agree(f"The glossary, of {word},", names(MEANINGS[word]), known)


def test_the_glossary_names_layouts_and_majors_that_there_are():
    assert set(names(MEANINGS["layout"])) - {"events"} <= own_words().layouts
    assert f"`{OLDEST}` to `{NEWEST}`" in MEANINGS["version, major"]


def floors():
    """By room its floor."""
    found, floor = {}, 0
    for number, rooms, _ in rows_of("docs/architecture.md", "floor", "room"):
        floor = int(number or floor)
        found |= {room.removesuffix("/"): floor for room in names(rooms)}
    return found


def test_every_room_is_on_the_floor_plan():
    agree("docs/architecture.md", floors(), [path.parent.name for path in (CHECKOUT / "bench").glob("*/__init__.py")])


def test_no_room_of_the_floor_plan_lies_above_one_that_may_import_it():
    layers = tomllib.loads(text_of("pyproject.toml"))["tool"]["importlinter"]["contracts"][0]["layers"]
    rooms = [[room.removeprefix("bench.") for room in layer.split(" | ")] for layer in layers]
    floor = floors()
    for above, below in pairwise(rooms):
        assert min(floor[room] for room in above) >= max(floor[room] for room in below), f"{above} and {below}"


def test_every_file_that_the_floor_plan_names_is_there():
    there = set()
    for folder in ("bench", "docs", "playbooks", "plugins", "roles", "templates", "tests"):
        there |= {f"/{path.relative_to(CHECKOUT)}" for path in (CHECKOUT / folder).rglob("*.*")}
    told = set()
    for _, where in rows_of("docs/architecture.md", "what changes"):
        told |= set(re.findall(r"`([\w./-]+\.(?:py|tsv|yml|sql|xml|j2|md))`", where))
    missing = [name for name in sorted(told) if not any(path.endswith(f"/{name}") for path in there)]
    assert not missing, f"docs/architecture.md names {', '.join(missing)}, which is not there."
