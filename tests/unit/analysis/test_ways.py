"""How a rung writes rows is told in plain words, and what a user called a phase of theirs stays as they called it."""

from dataclasses import replace

import pytest

from bench.analysis.ways import method_words, plain_way
from bench.model.language import speaking
from tests.builders import a_record, climbed


def a_rung(phase="2-G", **changes):
    [ladder] = climbed(a_record(1, phase))
    [rung] = ladder.rungs
    return replace(rung, **changes)


@pytest.mark.parametrize(
    ("language", "phase", "way"),
    [
        ("en", "1", "a connection for every row"),
        ("en", "2-B", "50 rows at once"),
        ("en", "2-E", "INSERT of 500 rows a commit"),
        ("en", "2-G", "COPY of 5,000 rows a commit"),
        ("ko", "1", "행마다 새 Connection"),
        ("ko", "2-G", "COPY, 커밋마다 5,000행"),
    ],
)
def test_a_rung_is_told_in_plain_words(language, phase, way):
    with speaking(language):
        assert plain_way(a_rung(phase)) == way


@pytest.mark.parametrize("method", ["version", "host", "{rate}", "{", "mine"])
@pytest.mark.parametrize("phase", ["1", "2-G"])
def test_what_a_user_called_a_phase_is_looked_up_nowhere(phase, method):
    with speaking("ko"):
        assert method_words(method) == method
        assert plain_way(a_rung(phase, method=method)).startswith(method)


def test_where_several_drivers_carry_a_phase_out_its_technique_is_translated_and_the_driver_named():
    with speaking("ko"):
        assert method_words("pool, asyncpg", "asyncpg") == "Pool, asyncpg"
        assert method_words("pool") == "Pool"
        assert method_words(None) == ""
