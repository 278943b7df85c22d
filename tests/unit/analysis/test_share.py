"""What is passed on of a run names no person and no machine, and is what was measured."""

import json
import random
import uuid
from dataclasses import replace
from functools import cache

import msgspec
import pytest

from bench.analysis.hardware_names import kernel_release, processor_name, system_name
from bench.analysis.ladder import ladder_report
from bench.analysis.share import shared, within
from bench.analysis.shared_check import check_shared
from bench.engines.postgresql.render import as_variant
from bench.model.codec import from_json, to_json
from bench.model.fingerprint import Fingerprint
from bench.model.plan import Plan
from bench.model.record import Reason, Record, Validity
from bench.report.share import card, sentences
from bench.results.vocabulary import own_words
from tests.builders import a_host, a_record, doubtful, pulled, void
from tests.kept import KEPT

WORDS = own_words()
FUZZED, PARTS = 1000, 10
"""Records, four a run."""


def shared_of(run):
    return shared(run, ladder_report(run), WORDS)


def a_run(**changes):
    records = [
        a_record(1, "1", block=1),
        a_record(2, "2-G", block=1, validity=doubtful("suspect", "not-alone", "browser 0.9 cores")),
        a_record(3, "2-D", block=1),
        a_record(4, "2-G", block=2, rows_per_s=18_000.0, settled_rows_per_s=15_000.123456),
    ]
    return pulled(*records, **changes)


# --- what was measured -----------------------------------------------------------------------------------------------


def test_a_rung_is_what_the_ladder_has_of_it():
    run = a_run()
    [_, _, rung] = shared_of(run).rungs
    [_, _, own] = ladder_report(run).ladders[0].rungs
    assert (rung.phase, rung.variant, rung.layout, rung.transport, rung.major) == ("2-G", "stock", "plain", "tcp", 15)
    assert (rung.trials, rung.void, rung.suspect, rung.doubts) == (2, 0, 1, ("not-alone",))
    assert rung.sustained_of_trials == (14_000.0, 15_000.1)
    assert rung.sustained_rows_per_s == pytest.approx(own.settled_rows_per_s, rel=1e-5)
    assert rung.parameters == own.parameters


def test_a_void_trial_counts_for_nothing_and_is_named():
    [rung] = shared_of(pulled(a_record(1, "2-G"), a_record(2, "2-G", block=2, **void()))).rungs
    assert (rung.trials, rung.void, len(rung.sustained_of_trials), rung.doubts) == (2, 1, 1, ("client-error",))


def test_a_rung_of_a_users_own_piece_is_left_out_and_counted():
    mine = a_record(1, "2-G", variant="bobs-tuning")
    run = pulled(mine, a_record(2, "2-G"))
    run = replace(run, plan=replace(run.plan, variants=(as_variant("bobs-tuning", ""), *run.plan.variants)))
    what = shared_of(run)
    assert ([rung.variant for rung in what.rungs], what.left_out) == (["stock"], 1)


def test_the_code_of_a_users_probe_is_not_passed_on():
    [rung] = shared_of(pulled(a_record(1, "2-G", validity=doubtful("suspect", "probe-bob-late")))).rungs
    assert rung.doubts == ("other",)


def test_an_external_server_is_said_to_be_one():
    host = a_host(pgladder={"version": "0.1.0", "limits": ["its disk can't be seen"], "clients_on": "kims-nuc"})
    assert shared_of(a_run(host=host)).external


def test_a_run_without_a_fingerprint_has_no_figures_of_its_box():
    box = shared_of(a_run(host=None)).box
    assert {getattr(box, name) for name in ("processor", "cpus", "ram_gib", "disk", "virtual")} == {None}


@pytest.mark.parametrize(
    ("left", "cpus"), [({}, 4), ({"usable_cpus": 2}, 2), ({"usable_cpus": 1, "quota_cores": 0.4}, None)]
)
def test_a_box_has_whole_processors_or_none_are_told(left, cpus):
    assert shared_of(a_run(host=a_host(cpu={"logical_cpus": 4, **left}))).box.cpus == cpus


def test_what_is_too_many_for_a_file_is_left_out_from_the_end():
    what = shared_of(a_run())
    small = within(what, lambda each: len(to_json(each)), 2_500)
    assert (small.rungs, small.left_out) == (what.rungs[: len(small.rungs)], len(what.rungs) - len(small.rungs))
    assert 0 < len(small.rungs) < 3
    assert len(to_json(small)) <= 2_500


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Intel(R) N100", "Intel N100"),
        ("Intel(R) Core(TM) i3-N305", "Intel Core i3-N305"),
        ("13th Gen Intel(R) Core(TM) i5-13500H", "13th Gen Intel Core i5-13500H"),
        ("Intel(R) Core(TM) Ultra 7 155H", "Intel Core Ultra 7 155H"),
        ("Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", "Intel Xeon E5-2680 v4"),
        ("Intel(R) Celeron(R) N5105 @ 2.00GHz", "Intel Celeron N5105"),
        ("AMD Ryzen 7 5800H with Radeon Graphics", "AMD Ryzen 7 5800H"),
        ("AMD EPYC 7B13", "AMD EPYC 7B13"),
        ("AMD EPYC", "AMD EPYC"),
        ("Kim's N100", None),
        ("Intel(R) N100 kims-nuc", None),
        ({"unreadable": "no /proc"}, None),
    ],
)
def test_a_processor_is_named_where_its_name_has_a_known_form(text, name):
    assert processor_name(text) == name


def test_of_system_and_kernel_only_numbers_of_a_known_form_are_told():
    assert kernel_release("6.1.0-28-amd64") == "6.1"
    assert kernel_release("kims.6.1") is None
    assert system_name("Ubuntu 24.04.1 LTS") == "ubuntu 24.04"
    assert system_name("Kim OS 3") == "other"


# --- nothing leaks ---------------------------------------------------------------------------------------------------


def secrets(chance):
    """Names of people and machines, each with a part that nothing else has; of any form, and such as a ``Name``."""
    unique = "".join(chance.choices("bcdfghjkvwxz", k=8))
    octets = [chance.randint(11, 254) for _ in range(4)]
    of_names = [f"kims-{unique}", f"{unique}.lan", f"host-{unique}-07", str(uuid.UUID(int=chance.getrandbits(128)))]
    of_names.append(".".join(map(str, octets)))
    others = [
        *(
            f"{unique}@example.org",
            f"/home/{unique}/mine/phases",
            f"S/N {unique.upper()}",
            f"{unique} 0.9 cores",
        ),
        *(
            f"fe80::{octets[0]:x}:{chance.getrandbits(16):04x}:{chance.getrandbits(16):04x}",
            f"postgresql://{unique}@db/x",
        ),
        ":".join(f"{chance.getrandbits(8):02x}" for _ in range(6)),
    ]
    return of_names, others


def leaves(thing, path=()):
    """Where the texts of a document are."""
    if isinstance(thing, str):
        yield path
    elif isinstance(thing, dict):
        for name, value in thing.items():
            yield from leaves(value, (*path, name))
    elif isinstance(thing, list):
        for at, value in enumerate(thing):
            yield from leaves(value, (*path, at))


def put(document, path, text):
    for step in path[:-1]:
        document = document[step]
    document[path[-1]] = text


def at(document, path):
    for step in path:
        document = document[step]
    return document


def readable(document, kind):
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError:
        return None


@cache
def open_to(kind, text, name_like):
    """The texts of a document that may be anything, or any ``Name``: no other value could be there."""
    document = json.loads(text)
    found = []
    for path in leaves(document):
        was = at(document, path)
        put(document, path, "kims-nuc" if name_like else "a text of Kim's, 1.2.3.4")
        if readable(document, kind):
            found.append(path)
        put(document, path, was)
    return found


def planted(kind, text, chance, told, share=0.15):
    """The document with secrets in place of its texts, before or behind them, and as names of what has free names."""
    document = json.loads(text)
    of_names, others = secrets(chance)
    for name_like, texts in ((True, of_names), (False, others)):
        for path in open_to(kind, text, name_like):
            if chance.random() < share:
                was, secret = at(document, path), chance.choice(texts)
                new = chance.choice([secret, f"{was}-{secret}", f"{was} {secret}", f"{secret} {was}"])
                put(document, path, new if not name_like else secret)
                if readable(document, kind):
                    told.append(secret)
                else:
                    put(document, path, was)
    for name, value in OPEN_NAMES.items():
        if name in document:
            told.append(chance.choice(others))
            document[name][told[-1]] = value
    found = readable(document, kind)
    assert found, f"a planted {kind.__name__} is not one any more"
    return found


OPEN_NAMES = {
    "counters": 1.0,
    "observed": {"load": 1.0},
    "not_counted": "kim",
    "pieces": "kim",
    "facts": {"kim": "kim"},
}


def fuzzed(chance):
    """A run whose every text may be a secret, and the secrets."""
    told = []
    records = [planted(Record, text, chance, told) for text in RECORDS]
    variants = {(record.trial.variant, record.trial.version) for record in records}
    run = pulled(*records, host=planted(Fingerprint, HOST, chance, told), histograms={}, samples={}, with_samples=False)
    plan = planted(Plan, to_json(replace(run.plan, trials=())).decode(), chance, told)
    rendered = [as_variant(name, chance.choice(told), version=version) for name, version in sorted(variants, key=str)]
    return replace(run, plan=replace(plan, trials=run.plan.trials, variants=tuple(rendered))), told


RICH = {
    "durability_because": "synchronous_commit is off",
    "pieces": {"phases/bobs.py": "0" * 64},
    "not_counted": {"energy_j": "no powercap in this kernel"},
    "validity": Validity(
        state="suspect",
        reasons=(Reason(code="not-alone", detail="browser 0.9 cores"), Reason(code="probe-kim", detail="at /home/kim")),
    ),
}
RECORDS = [
    to_json(record).decode()
    for record in (
        a_record(1, "1", **RICH),
        a_record(2, "2-G", **RICH),
        a_record(3, "2-G", version="17", **RICH),
        a_record(4, "2-C", layout="unlogged", durability="not crash-safe"),
    )
]
RUNS = FUZZED // len(RECORDS) // PARTS
HOST = (KEPT / "formulas" / "host.json").read_text()


@pytest.mark.parametrize("part", range(PARTS))
def test_no_secret_of_a_thousand_records_is_in_what_is_passed_on(part):
    rungs = planted_texts = 0
    for seed in range(part * RUNS, (part + 1) * RUNS):
        run, told = fuzzed(random.Random(seed))
        what = shared_of(run)
        _, flaws = check_shared(to_json(what), WORDS)
        out = "\n".join([to_json(what).decode(), card(what, WORDS), *sentences(what, WORDS)]).lower()
        assert [secret for secret in told if secret.lower() in out] == []
        assert [flaw for flaw in flaws if flaw.severity == "error" and what.rungs] == []
        rungs += len(what.rungs)
        planted_texts += len(told)
    # Else it would prove nothing: much is planted, and something is still passed on.
    assert planted_texts > 20 * RUNS
    assert rungs > RUNS


def test_a_text_that_were_passed_on_would_be_found():
    run, told = fuzzed(random.Random(1))
    leaky = replace(shared_of(run), measured=told[0])
    assert told[0] in to_json(leaky).decode()


def test_what_is_passed_on_is_read_again_as_it_was():
    what = shared_of(a_run())
    assert from_json(to_json(what), type(what), "a file") == what
