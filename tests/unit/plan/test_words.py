"""The way back from a plan to the words that ask for it, held against what they ask for."""

import random
from dataclasses import replace

import pytest

from bench.engines.postgresql.render import as_variant
from bench.model.plan import UntilDecided
from bench.plan.contrast import place_of
from bench.plan.design import make_plan
from bench.plan.options import OPTIONS, read_options
from bench.plan.repeat import USUAL, of_new_run
from bench.plan.request import make_design
from bench.plan.words import words_of
from bench.workload.phase import ladder

HARNESS = as_variant("harness", "max_connections = 208\n")
STOCK, OTHER = (
    as_variant(name, text) for name, text in (("stock", ""), ("async-commit", "synchronous_commit = off\n"))
)


def planned(**typed):
    """The plan that these words ask for."""
    design = make_design(read_options(typed, OPTIONS), transports=["tcp"])
    variants = {each.name: each for each in (STOCK, OTHER)}
    return make_plan(
        design, ladder(), HARNESS, variants, run="20261122T101500-ab12", created="2026-11-22T10:15:00+00:00", seed=7
    )


@pytest.mark.parametrize(
    "typed",
    [
        {"phases": "2-C", "variants": "stock async-commit", "blocks": "3"},
        {"phases": "1-B 2 2-G", "variants": "stock async-commit", "blocks": "5", "warm_up": "0.5", "window": "2"},
        {"phases": "2-G", "layouts": "no-index plain", "profile": "standard"},
        {"phases": "2-C 2-D", "layouts": "no-index plain", "batch": "250", "in_flight": "3", "preload_rows": "1000"},
        {"phases": "1-B 2-C", "transports": "socket tcp", "profile": "thorough", "blocks": "4"},
        {"phases": "2", "drivers": "asyncpg psycopg", "variants": "stock"},
        {"phases": "2-C", "variants": "stock async-commit", "until_decided": "1", "max_blocks": "9", "margin": "0.1"},
    ],
)
def test_the_words_of_a_plan_ask_for_the_same_trials(typed):
    plan = planned(**typed)
    words = {name: " ".join(values) for name, values in words_of(plan, 12).items()}
    again = planned(**words)
    assert set(map(place_of, again.trials)) == set(map(place_of, plan.trials))
    assert len(again.blocks) == 12
    assert (again.warm_up_s, again.window_s, again.preload_rows) == (plan.warm_up_s, plan.window_s, plan.preload_rows)
    assert again.until_decided == plan.until_decided


def test_what_is_as_it_comes_needs_no_words():
    assert words_of(planned(phases="2-C", variants="stock async-commit"), 6) == {
        "phases": ["2-C"], "variants": ["stock", "async-commit"], "blocks": ["6"]
    }  # fmt: skip


def test_a_users_own_variant_has_no_words():
    plan = planned(phases="2-C", variants="stock")
    trials = tuple(replace(trial, variant="mine") for trial in plan.trials)
    assert words_of(replace(plan, trials=trials, variants=(as_variant("mine", ""),)), 6) is None


def test_parameters_that_no_option_asks_for_have_no_words():
    plan = planned(phases="2-C", variants="stock")
    source = random.Random(1)
    trials = []
    for trial in plan.trials:
        batch = source.randint(2, 1000)
        trials.append(replace(trial, parameters=replace(trial.parameters, batch=batch)))
    assert words_of(replace(plan, trials=tuple(trials)), 6) is None


def test_a_phase_that_is_gone_has_no_words():
    plan = planned(phases="2-C", variants="stock")
    trials = tuple(replace(trial, phase="mine") for trial in plan.trials)
    assert words_of(replace(plan, trials=trials), 6) is None


@pytest.mark.parametrize("asked", ["yes", "no"])
def test_a_plan_that_was_asked_to_repeat_or_not_asks_for_it_again(asked):
    plan = planned(phases="2-C", variants="stock async-commit", repeat_suspect=asked)
    words = words_of(plan, 6)
    assert words.get("repeat_suspect") == (["no"] if asked == "no" else None)
    again = planned(**{name: " ".join(values) for name, values in words.items()})
    assert again.repeat_suspect == plan.repeat_suspect == of_new_run(plan)


def test_a_plan_of_an_earlier_release_repeats_when_it_is_measured_anew():
    plan = replace(planned(phases="2-C", variants="stock async-commit"), repeat_suspect=None, adjusted_for=())
    assert "repeat_suspect" not in words_of(plan, 6)
    assert of_new_run(plan) == USUAL


def test_a_rule_asks_for_at_most_so_many_blocks():
    rule = UntilDecided(margin=0.02, alpha=0.05)
    words = words_of(replace(planned(phases="2-C", variants="stock async-commit"), until_decided=rule), 30)
    assert words["until_decided"] == ["1"]
    assert words["max_blocks"] == ["30"]
    assert not words.keys() & {"blocks", "margin"}
