"""A cluster with an extension: which settings its trials add to a variant."""

import pytest

from bench.engines.postgresql.extended import preloading
from bench.engines.postgresql.render import as_variant, texts


@pytest.mark.parametrize(
    ("text", "with_it"),
    [
        ("", {"shared_preload_libraries": "citus"}),
        ("Shared_Preload_Libraries = 'auto_explain'\n", {"shared_preload_libraries": "citus,auto_explain"}),
        ("shared_preload_libraries = ''\n", {"shared_preload_libraries": "citus"}),
        ("work_mem = 8MB # more\n", {"work_mem": "8MB", "shared_preload_libraries": "citus"}),
    ],
)
def test_a_variant_preloads_it_before_what_it_preloads_already(text, with_it):
    made = preloading(as_variant("a", text, version="17"), "citus", {})
    assert texts(made) == with_it
    assert (made.name, made.version) == ("a", "17")


def test_what_it_needs_is_set_too():
    made = preloading(as_variant("a", "work_mem = 8MB\n"), "citus", {"citus.node_conninfo": "sslmode=disable"})
    assert texts(made) == {
        "work_mem": "8MB",
        "shared_preload_libraries": "citus",
        "citus.node_conninfo": "sslmode=disable",
    }


def test_a_variant_that_is_refused_stays_so():
    refused = as_variant("a", "", "it has nothing for this box")
    assert preloading(refused, "citus", {}) == refused
