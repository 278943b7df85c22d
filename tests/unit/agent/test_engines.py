"""Trials of one plan on several kinds of database: each on its own server, and of these one at a time."""

import pytest

from bench.agent.run import Runners, execute
from bench.engines.engine import ManagedServer
from bench.engines.postgresql.session import ServerError, VariantError
from bench.model.fingerprint import Unreadable
from bench.store.run_directory import RunDirectory
from tests.builders import a_plan, a_trial
from tests.unit.agent.test_refused import Silent


class Server(ManagedServer):
    """Takes no variant, so that its trials end at once; what is asked of it is kept."""

    schema, exclusive, doubts, errors = "pgladder", True, (), ()

    def __init__(self, name, calls):
        self.name, self.calls = name, calls

    def apply(self, variant):
        self.calls.append(f"{self.name}: apply")
        raise VariantError(variant.name, "it is none of its")

    def session(self):
        self.calls.append(f"{self.name}: session")
        raise ServerError("it has none")

    def stop(self):
        self.calls.append(f"{self.name}: stop")

    def data_place(self):
        return Unreadable(unreadable="there is no data")

    def data_directory(self):
        return None

    def postmaster(self):
        return None


@pytest.fixture
def calls():
    return []


def test_each_trial_has_the_server_of_its_engine_and_the_other_is_at_rest_and_stopped(tmp_path, calls):
    plan = a_plan(*(a_trial(n, engine=engine) for n, engine in enumerate((None, None, "other", None), 1)))
    directory = RunDirectory(tmp_path / "run")
    directory.begin(plan)
    assert execute(plan, directory, Server("own", calls), Silent(), {"other": Server("other", calls)})
    assert calls == [
        *("own: apply", "own: apply"),
        *("own: session", "own: stop", "other: apply"),
        *("other: session", "other: stop", "own: apply"),
    ]
    assert [record.engine for record in directory.records()] == ["postgresql", "postgresql", "other", "postgresql"]


def test_a_trial_that_was_cut_off_is_recorded_by_its_own_without_stopping_anything(calls):
    plan = a_plan(a_trial(1), a_trial(2, engine="other"))
    runners = Runners(plan, Server("own", calls), None, {"other": Server("other", calls)})
    assert runners.of(plan.trials[1]).server.name == "other"
    runners.close()
    assert calls == []
