"""Which cuts a plan has, and in which order."""

from dataclasses import replace

from bench.engines.postgresql.render import as_variant
from bench.store.cut_directory import CutDirectory
from bench.targets.cuts import planned
from tests.cuts import plan
from tests.studies.durability import RUN


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


def test_cuts_of_a_whole_box_are_planned_as_others_are():
    cuts = list(planned(plan(machine=2)))
    assert [(each.how, each.number) for each in cuts] == [("machine", 1), ("machine", 2)]


def test_cuts_go_round_the_variants_and_layouts_each_time_in_another_order():
    variants = [as_variant(name, "") for name in ("stock", "async-commit", "no-fsync")]
    asked = replace(plan(power=6, torn=6), variants=variants, layouts=["plain", "unlogged"])
    rounds = {}
    for each in planned(asked):
        rounds.setdefault((each.how, each.number), []).append((each.variant, each.layout))
    assert list(rounds) == [(how, number) for how in ("power", "torn") for number in range(1, 7)]
    assert len({frozenset(each) for each in rounds.values()}) == 1
    assert {len(each) for each in rounds.values()} == {6}
    assert len(set(map(tuple, rounds.values()))) > 6
    assert len({rounds["power", number][0] for number in range(1, 7)}) > 1


def test_a_run_that_was_planned_variant_by_variant_has_the_same_cuts_and_can_be_resumed():
    kept = CutDirectory(RUN)
    assert {record.cut for record in kept.records()} == set(planned(kept.plan()))
