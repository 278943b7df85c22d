"""A pooler in front of somebody's server: it may lose what a connection asks for, or give its sessions to others."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bench.engines.postgresql.dsn import connect_first, endpoint_of
from bench.model.plan import Parameters
from bench.workload.messages import Job
from bench.workload.phase import ladder
from bench.workload.processes import ClientFailedError, Clients
from tests.examples import one_of
from tests.integration.support import BRIEF, SMALL, Climb, Ended, Pooler, Theirs, climbing, pgladder

DROPS_OPTIONS = "pool_mode = session\nignore_startup_parameters = extra_float_digits, options"


@contextmanager
def pooled(place: Path, server: Theirs, settings: str) -> Iterator[Pooler]:
    """Put a pooler in front of a server for a while."""
    place.joinpath("users").unlink(missing_ok=True)
    pooler = Pooler(place, server, settings)
    try:
        yield pooler
    finally:
        pooler.stop()


@pytest.fixture(scope="module", params=one_of("1 1-B 2 2-G", "1 1-B 2 2-E 2-F 2-G"))
def phases(request) -> list[str]:
    return request.param.split()


@pytest.fixture(scope="module")
def by_pooler(theirs, new_place, phases) -> tuple[Climb, Ended, str, str]:
    """Climb through a pooler that takes the options of a connection and ignores them."""
    place, before = new_place(), theirs.dump()
    with pooled(place, theirs, DROPS_OPTIONS) as pooler:
        asked = ["--phases", *phases, *BRIEF, *SMALL, "--blocks", 1, "--dsn", pooler.dsn()]
        with climbing(place, *asked) as climb:
            return climb, climb.end(), before, theirs.dump()


def test_a_table_of_the_users_own_is_untouched_where_a_pooler_loses_the_search_path(by_pooler, phases):
    climb, ended, before, after = by_pooler
    assert "CREATE TABLE public.events" in before
    assert after == before
    assert (ended.code, ended.err) == (0, "")
    assert len(climb.records()) == len(phases)
    for record in climb.records():
        assert record.verified.found == record.verified.acknowledged > 0


def test_a_pooler_is_named_in_the_doubts_of_every_trial(by_pooler):
    climb, ended, *_ = by_pooler
    for record in climb.records():
        assert record.validity.state == "suspect"
        assert "pooler" in {reason.code for reason in record.validity.reasons}
    assert "connect each) of the pooler" in " ".join(ended.out.split())


@pytest.mark.parametrize("phase", ["1", "1-B", "2", "2-G"])
def test_a_client_that_comes_to_another_schema_writes_nothing(theirs, place, phase):
    with pooled(place, theirs, DROPS_OPTIONS) as pooler:
        connection = connect_first(pooler.dsn())
        endpoint = endpoint_of(connection, "pgladder_stray")
        connection.close()
        parameters = Parameters(pool_min=2, pool_max=2)
        job = Job(
            phase=phase, driver=ladder()[phase].driver, parameters=parameters, endpoint=endpoint, writer=1, seed=1
        )
        with (
            Clients([job]) as clients,
            pytest.raises(ClientFailedError, match="came to the schema public, not to pgladder_stray"),
        ):
            clients.wait_ready(60)
        gone = replace(job, endpoint=replace(endpoint, options_lost=True))  # its search path is set: there is none such
        with Clients([gone]) as clients, pytest.raises(ClientFailedError, match="came to the schema None"):
            clients.wait_ready(60)


REFUSALS = {
    "refuses options": ("pool_mode = session", "options"),
    "shares sessions": (f"{DROPS_OPTIONS}\npool_mode = transaction", "transaction pooling"),
    "never resets sessions": (f"{DROPS_OPTIONS}\nserver_reset_query =", "server_reset_query"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_pooler_through_which_no_session_is_ours_alone_is_refused_by_one_sentence(theirs, place, name):
    settings, words = REFUSALS[name]
    before = theirs.next_transaction()
    with pooled(place, theirs, settings) as pooler:
        asked = ["--phases", "1-B", *BRIEF, "--blocks", 1, "--dsn", pooler.dsn()]
        ended = pgladder("run", *asked, "--out", place / "out", cwd=place)
    assert (ended.code, ended.out, ended.err.count("\n")) == (2, "", 1)
    assert words in ended.err
    assert not (place / "out").exists()
    assert theirs.next_transaction() == before


def test_what_a_pooler_drops_of_sessions_is_not_asked_of_them(theirs, place):
    asked = ["--phases", "1-B", *BRIEF, "--constraints", "wal-flush"]
    with pooled(place, theirs, DROPS_OPTIONS) as pooler:
        ended = pgladder("explain", *asked, "--dsn", pooler.dsn(), "--out", place / "out", cwd=place)
    assert (ended.code, ended.out) == (2, "")
    assert "leave wal-flush and wal-write out of --constraints" in ended.err
    assert not (place / "out").exists()
