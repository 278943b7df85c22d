"""A plan is counted by the connections it opens, not by those its pools could grow to."""

import pytest

from bench.plan import AGENT_OPENS, connections_opened
from bench.workload.phase import ladder

DEFAULT_FREE = 97
"""PostgreSQL's default max_connections, less those reserved for superusers."""


@pytest.mark.parametrize(
    ("phase", "opens"), [("1", 1), ("1-B", 1), ("2", 10), ("2-B", 50), ("2-C", 10), ("2-D", 50), ("2-G", 5), ("2-H", 8)]
)
def test_a_pool_opens_its_least_and_more_only_for_more_commits_under_way(phase, opens):
    assert connections_opened(ladder()[phase].parameters) == opens + AGENT_OPENS


def test_every_phase_fits_a_server_as_it_comes():
    assert max(connections_opened(phase.parameters) for phase in ladder().values()) <= DEFAULT_FREE
