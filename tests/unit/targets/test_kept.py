"""What a plan may ask of a server that the user brings: sessions of pgladder's own may set what is theirs to set."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from bench.engines.postgresql.pooler import IN_BETWEEN
from bench.engines.postgresql.render import AS_FOUND, as_variant
from bench.model.endpoint import Endpoint
from bench.model.errors import UsageError
from bench.targets.external import check_kept
from tests.experiments import planned_on_theirs

ENDPOINT = Endpoint(transport="tcp", host="db", port=5432, user="ann", database="shop", schema="pgladder_1")


def theirs(*doubts):
    return SimpleNamespace(transport="tcp", endpoint=lambda _: ENDPOINT, doubts=doubts)


@pytest.fixture(scope="module")
def plan():
    return planned_on_theirs("wal-flush")


def with_text(plan, name, text):
    variants = [as_variant(name, text) if variant.name == name else variant for variant in plan.variants]
    return replace(plan, variants=tuple(variants))


def test_an_experiment_may_have_sessions_wait_for_no_flush(plan):
    check_kept(plan, theirs())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("as-found-without-wal-flush", "fsync = off\n"),
        ("as-found-without-wal-flush", "synchronous_commit = off\nwork_mem = 8MB\n"),
        ("as-found-without-wal-flush", ""),
        (AS_FOUND, "synchronous_commit = off\n"),
    ],
)
def test_a_plan_that_sets_anything_else_or_sets_it_outside_of_experiments_is_refused(plan, name, text):
    with pytest.raises(UsageError, match="keeps its configuration"):
        check_kept(with_text(plan, name, text), theirs())


def test_a_trial_that_is_no_experiment_has_no_variant_of_its_own(plan):
    first, *others = plan.trials
    asked = replace(first, variant="as-found-without-wal-flush")
    with pytest.raises(UsageError, match="keeps its configuration"):
        check_kept(replace(plan, trials=(asked, *others)), theirs())


def test_behind_a_pooler_which_may_drop_or_hand_on_what_sessions_ask_for_no_experiment_takes_it(plan):
    pooled = theirs(IN_BETWEEN)
    check_kept(planned_on_theirs(), pooled)
    with pytest.raises(UsageError, match="leave wal-flush and wal-write out of --constraints"):
        check_kept(plan, pooled)
