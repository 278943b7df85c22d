"""A plan is counted by the connections it opens, not by those its pools could grow to."""

from resource import RLIMIT_NOFILE, getrlimit

import pytest

from bench.model.errors import HostError
from bench.plan.estimate import AGENT_OPENS, connections_opened
from bench.workload.memory import FILES_BESIDE, check_files, check_sessions
from bench.workload.phase import ladder

DEFAULT_FREE = 97
"""PostgreSQL's default max_connections, less those reserved for superusers."""


@pytest.mark.parametrize(
    ("phase", "opens"),
    [
        ("1", 1),
        ("1-B", 1),
        ("2", 10),
        ("2-B", 50),
        ("2-C", 10),
        ("2-D", 50),
        ("2-G", 5),
        ("2-H", 8),
        ("2-B3", 50),
        ("2-I", 4),
    ],
)
def test_a_pool_opens_its_least_and_more_only_for_more_commits_under_way(phase, opens):
    assert connections_opened(ladder()[phase].parameters) == opens + AGENT_OPENS


def test_every_phase_fits_a_server_as_it_comes():
    assert max(connections_opened(phase.parameters) for phase in ladder().values()) <= DEFAULT_FREE


def test_sessions_that_take_more_than_their_share_of_memory_are_refused():
    check_sessions(300, 103, 2_000_000_000, "this box has {memory} free")
    with pytest.raises(HostError, match=r"opens 6,003 of 9,008 connections, which take about 15.44 GB of"):
        check_sessions(9_008, 6_003, 24_000_000_000, "this box has {memory} free")


def test_client_processes_with_more_connections_than_files_are_refused():
    most = getrlimit(RLIMIT_NOFILE)[0]
    check_files(most - FILES_BESIDE)
    with pytest.raises(HostError, match="files open here \\(ulimit -n\\); raise that limit"):
        check_files(most - FILES_BESIDE + 1)
