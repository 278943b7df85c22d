"""An arm that the box can't hold: each trial of it void at once, the others go on, nobody tries to mend the server."""

import pytest

from bench.agent.run import execute
from bench.engines.postgresql.render import as_variant
from bench.engines.postgresql.session import ServerError, VariantError
from bench.model.fingerprint import Unreadable
from bench.model.plan import UntilDecided
from bench.store.run_directory import RunDirectory
from bench.targets.here import _start
from tests.builders import a_plan, a_trial


class Refusing:
    """A server that takes no variant."""

    schema, exclusive, recovered = "pgladder", True, 0
    doubts = errors = ()

    def apply(self, variant):
        raise VariantError(variant.name, "shared_buffers = 1TB: too much")

    def check(self, variant, _disk_bytes):
        self.apply(variant)

    def data_place(self):
        return Unreadable(unreadable="there is no data")

    def recover(self):
        self.recovered += 1

    def data_directory(self):
        return None

    def postmaster(self):
        return None


class Silent:
    """Nobody listens; what was said is kept."""

    def __init__(self):
        self.said = []

    def begins(self, trial, number, of):
        pass

    def ended(self, record):
        pass

    def report(self, sentence):
        self.said.append(sentence)


def test_each_trial_of_a_refused_variant_is_void_and_the_run_comes_to_its_end(tmp_path):
    plan, directory, server = a_plan(a_trial(1), a_trial(2)), RunDirectory(tmp_path / "run"), Refusing()
    directory.begin(plan)
    assert execute(plan, directory, server, Silent())
    for record in directory.records():
        assert record.validity.state == "void"
        [reason] = record.validity.reasons
        assert (reason.code, reason.detail) == ("refused", "refused: variant stock: shared_buffers = 1TB: too much")
    assert len(directory.records()) == 2
    assert server.recovered == 0


def test_a_run_until_decided_whose_baseline_is_refused_ends_after_its_first_block_and_says_why(tmp_path):
    variants = (as_variant("a", ""), as_variant("b", "work_mem = 8MB\n"))
    trials = [a_trial(n, block=(n + 1) // 2, variant="ab"[n % 2 - 1]) for n in range(1, 7)]
    plan = a_plan(*trials, variants=variants, until_decided=UntilDecided(margin=0.02, alpha=0.05))
    directory, listener = RunDirectory(tmp_path / "run"), Silent()
    directory.begin(plan)
    assert execute(plan, directory, Refusing(), listener)
    assert len(directory.records()) == 2
    assert listener.said == ["the run ends here: the baseline a was refused: nothing is compared with it"]


def test_where_no_arm_is_left_to_start_with_the_reason_of_each_is_told():
    variants = (as_variant("a", ""), as_variant("b", "", "it takes no memory under 512 MB"))
    why = "variant a: shared_buffers = 1TB: too much; variant b: shared_buffers = 1TB: too much"
    with pytest.raises(ServerError, match=f"^No candidate is left: {why}$"):
        _start(variants, Refusing())
