"""Which cuts a plan has."""

from bench.targets.cuts import planned
from tests.cuts import plan


def test_each_variant_and_layout_has_so_many_cuts_of_each_kind_and_each_its_own_seed():
    cuts = list(planned(plan(power=2, torn=1, kill=1)))
    assert [(each.variant, each.layout, each.how, each.number) for each in cuts] == [
        ("stock", "plain", "power", 1),
        ("stock", "plain", "power", 2),
        ("stock", "plain", "torn", 1),
        ("stock", "plain", "kill", 1),
    ]
    assert len({each.seed for each in cuts}) == 4
    assert cuts == list(planned(plan(power=2, torn=1, kill=1)))
