"""The server's CPU time is that of our sessions and of its own processes: what sessions of others spend is theirs."""

import pytest

from bench.agent.observe import Usage, cpu_between, with_client_boxes
from bench.model.fingerprint import Unreadable
from bench.model.readings import Moment, Reading
from bench.model.record import clients_here
from bench.probes.programs import Process
from tests.builders import a_result

UNKNOWN = Unreadable(unreadable="not asked")
NOTHING_READ = Reading(**dict.fromkeys(Reading.__dataclass_fields__, UNKNOWN))
MOMENTS = [Moment(at_s=at_s, host=NOTHING_READ, server={}) for at_s in (0, 2)]


def spent(at_s: float, server_s: float, others_s: dict[int, float]) -> Usage:
    """``others_s``: by process number, what sessions of others had spent by then."""
    found = {
        pid: Process(name="postgres", parent=1, began=pid, own_s=seconds, waited_for_s=0)
        for pid, seconds in others_s.items()
    }
    return Usage(at_s=at_s, clients_s=0, server_s=server_s, processes=found, quotas={}, others=frozenset(others_s))


@pytest.mark.parametrize(
    ("before", "after", "cores"),
    [
        ({}, {}, 2.0),
        ({7: 100.0}, {7: 103.0}, 0.5),  # has been there for long, and works
        ({}, {7: 3.0}, 0.5),  # came meanwhile
        (
            {7: 100.0},
            {},
            2.0,
        ),  # went meanwhile: what it spent before is in both readings, what it spent since is not told
        ({7: 100.0, 8: 1.0}, {7: 101.0, 9: 2.0}, 0.5),
    ],
)
def test_what_sessions_of_others_spend_in_the_window_is_not_the_servers(before, after, cores):
    cpu = cpu_between(spent(0, 50, before), spent(2, 54, after), MOMENTS)
    assert cpu.server_cores == pytest.approx(cores)


def test_what_clients_took_of_client_boxes_is_theirs_and_told_apart():
    here = cpu_between(spent(0, 50, {}), spent(2, 54, {}), MOMENTS)
    found = with_client_boxes(here, [a_result(cores=0.5), a_result(cores=0.75)])
    assert (found.client_cores, found.elsewhere_cores, clients_here(found)) == (1.25, 1.25, 0)
    assert found.server_cores == here.server_cores


def test_where_a_process_does_not_know_nothing_is_known_of_the_clients():
    here = cpu_between(spent(0, 50, {}), spent(2, 54, {}), MOMENTS)
    found = with_client_boxes(here, [a_result(cores=0.5), a_result()])
    assert (found.client_cores, found.elsewhere_cores, clients_here(found)) == (None, None, None)
