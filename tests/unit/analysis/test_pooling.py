"""What must be the same in the plans of several hosts for their numbers to be a fair pair."""

from dataclasses import replace

import pytest

from bench.analysis.pooling import differing_plans
from tests.builders import a_plan


def test_hosts_that_were_measured_alike_are_a_fair_pair():
    assert differing_plans([a_plan(), a_plan(run="another", seed=8)]) == []


@pytest.mark.parametrize(
    ("change", "words"), [({"window_s": 20}, "window 2 s and 20 s"), ({"preload_rows": 9}, "rows preloaded 0 and 9")]
)
def test_what_makes_two_hosts_no_fair_pair_is_named(change, words):
    assert differing_plans([a_plan(), a_plan(**change)]) == [words]


def test_a_variant_of_the_same_name_but_another_text_is_named():
    [stock] = a_plan().variants
    [found] = differing_plans([a_plan(), a_plan(variants=(replace(stock, sha256="f" * 64),))])
    assert found.startswith("text of variant stock")
