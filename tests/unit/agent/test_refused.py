"""An arm that the box can't hold: each trial of it void at once, the others go on, nobody tries to mend the server."""

from bench.agent.run import execute
from bench.journal import RunDirectory
from bench.server.session import VariantError
from tests.builders import a_plan, a_trial


class Refusing:
    """A server that takes no variant."""

    schema, exclusive, recovered = "pgladder", True, 0

    def apply(self, variant):
        raise VariantError(variant.name, "shared_buffers = 1TB: too much")

    def recover(self):
        self.recovered += 1

    def data_directory(self):
        return None


class Silent:
    """Nobody listens."""

    def begins(self, trial, number, of):
        pass

    def ended(self, record):
        pass

    def says(self, sentence):
        pass


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
