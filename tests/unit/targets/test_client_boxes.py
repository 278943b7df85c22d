"""A client starts on each client box before a run begins; one that goes on waits for them, and keeps them all along."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryFile
from types import SimpleNamespace
from typing import Any

import pytest

from bench.model.errors import HostError, UsageError
from bench.model.plan import Plan
from bench.targets import client_boxes as module
from bench.targets.client_boxes import kept, ready_client_boxes
from tests.builders import a_plan, a_trial
from tests.unit.engines.test_client_boxes import CLIENT

BOX: Any = SimpleNamespace(cluster=None)
OTHER = replace(CLIENT, name="n100-c", address="10.0.0.3")
REFUSED = "no client starts on n100-b (pgladder@10.0.0.2, port 2222): ssh failed: No route to host"


def a_plan_on(count: int) -> Plan:
    trial = a_trial(transport="tls")
    return a_plan(replace(trial, parameters=replace(trial.parameters, client_boxes=count)))


class Network:
    """Client boxes of which one answers from some attempt on, and a clock that waiting alone moves."""

    def __init__(self, silent: int) -> None:
        self._silent = silent
        self.tried: list[str] = []
        self.now = 0.0

    def try_out(self, _: Any, address: str) -> None:
        self.tried.append(address)
        if self.tried.count(CLIENT.address) <= self._silent:
            raise HostError(REFUSED)

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def network(monkeypatch, request: pytest.FixtureRequest) -> Network:
    made = Network(request.param)
    monkeypatch.setattr(module, "admitted_clients", lambda _: [CLIENT, OTHER])
    monkeypatch.setattr(module, "try_out", made.try_out)
    monkeypatch.setattr(module, "sleep", made.sleep)
    monkeypatch.setattr(module, "monotonic", lambda: made.now)
    return made


def silent_for(attempts: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("network", [attempts], indirect=True)


@silent_for(1)
def test_a_new_run_is_refused_at_once(network: Network) -> None:
    heard: list[str] = []
    with pytest.raises(HostError, match=r"No route to host$"):
        ready_client_boxes(a_plan_on(1), BOX, heard.append, resumed=False)
    assert (heard, network.now) == ([], 0)


@silent_for(3)
def test_one_that_goes_on_waits_and_says_for_whom(network: Network) -> None:
    heard: list[str] = []
    assert ready_client_boxes(a_plan_on(2), BOX, heard.append, resumed=True) == [CLIENT, OTHER]
    assert heard == [
        f"waiting up to 10 min for the client box n100-b: {REFUSED}",
        "a client starts on n100-b now",
    ]
    assert network.tried == [*4 * [CLIENT.address], OTHER.address]


@silent_for(0)
def test_nobody_hears_of_those_that_are_there(network: Network) -> None:
    heard: list[str] = []
    assert ready_client_boxes(a_plan_on(1), BOX, heard.append, resumed=True) == [CLIENT]
    assert (heard, network.tried) == ([], [CLIENT.address])


@silent_for(1000)
def test_a_client_box_that_stays_away_is_named_with_what_was_tried_and_the_next_step(network: Network) -> None:
    plan, heard = a_plan_on(1), list[str]()
    with pytest.raises(HostError) as refused:
        ready_client_boxes(plan, BOX, heard.append, resumed=True)
    assert str(refused.value) == (
        f"{REFUSED}. This was tried for 10 min. What run {plan.run} has measured is kept. Once a client starts there,"
        f" go on with it: make ladder RUN={plan.run}"
    )
    assert len(heard) == 1
    assert network.now == 600


@silent_for(0)
def test_without_client_boxes_nothing_is_tried(network: Network) -> None:
    assert list(ready_client_boxes(a_plan_on(0), BOX, print, resumed=True)) == []
    assert list(ready_client_boxes(a_plan_on(0), None, print, resumed=True)) == []
    assert network.tried == []
    with pytest.raises(UsageError, match="a provisioned box has some"):
        ready_client_boxes(a_plan_on(1), None, print, resumed=False)


# --- kept ------------------------------------------------------------------------------------------------------------


def test_who_stays_there_gets_signs_of_life_and_ends_with_the_run(monkeypatch, tmp_path: Path) -> None:
    signs = tmp_path / "signs"
    stand_in = ("sh", "-c", f'exec tee "{signs}"')
    monkeypatch.setattr(module, "ssh", lambda _cluster, _client: stand_in)
    monkeypatch.setattr(module, "LOOK_S", 0.02)
    monkeypatch.setattr(module, "SIGN_OF_LIFE_S", 0.02)
    with kept(BOX, [CLIENT], print):
        while not (signs.exists() and len(signs.read_bytes()) > 3):
            pass
    told = signs.read_bytes()
    assert set(told) == {ord("\n")}


BREAKS_TWICE = """
echo . >>"$1"
[ $(wc -l <"$1") -gt 2 ] && echo waits && exec cat
echo "Connection to 10.0.0.2 closed by remote host." >&2
exit 255
"""


def test_a_connection_that_is_lost_ends_no_run_is_said_and_begun_again(monkeypatch, tmp_path: Path) -> None:
    stand_in = ("sh", "-c", BREAKS_TWICE, "sh", str(tmp_path / "attempts"))
    monkeypatch.setattr(module, "ssh", lambda _cluster, _client: stand_in)
    monkeypatch.setattr(module, "LOOK_S", 0.02)
    heard: list[str] = []
    with kept(BOX, [CLIENT], heard.append):
        while len(heard) < 2:
            module.sleep(0.01)
    assert heard == [
        "the connection that keeps the client box n100-b for this run ended (Connection to 10.0.0.2 closed by remote"
        " host.); pgladder begins it again",
        "the client box n100-b is kept for this run again",
    ]
    assert (tmp_path / "attempts").read_text() == 3 * ".\n"


def test_where_none_can_be_begun_it_is_said_once_and_tried_again(monkeypatch, tmp_path: Path) -> None:
    stand_in = ("sh", "-c", BREAKS_TWICE, "sh", str(tmp_path / "attempts"))
    monkeypatch.setattr(module, "ssh", lambda _cluster, _client: stand_in)
    monkeypatch.setattr(module, "LOOK_S", 0.02)
    monkeypatch.setattr(module, "SIGN_OF_LIFE_S", 0.0)
    heard: list[str] = []
    files = iter(range(100))

    def a_file() -> Any:
        if next(files) in {1, 2, 3}:
            raise OSError(24, "Too many open files")
        return TemporaryFile()

    monkeypatch.setattr(module, "TemporaryFile", a_file)
    with kept(BOX, [CLIENT], heard.append):
        while not heard[2:]:
            module.sleep(0.01)
    assert [" can be begun ([Errno 24] Too many open files)" in each for each in heard] == [False, True, False]
    assert heard[2].endswith("is kept for this run again")


def test_a_run_without_client_boxes_keeps_none() -> None:
    with kept(None, (), print):
        pass
