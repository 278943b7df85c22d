"""What is in force under the variants of a plan on a box."""

from bench.analysis.effects import effect_notes, effects_of, settings_differing
from bench.engines.postgresql.render import as_variant
from tests.builders import a_host, a_plan

PLAN = a_plan(variants=(as_variant("stock", ""), as_variant("a", "jit = off"), as_variant("b", "", "it has nothing")))


def test_under_a_variant_that_was_refused_nothing_is_in_force_and_nothing_differs():
    effects = effects_of(PLAN, None)
    assert effects["b"] == {}
    assert settings_differing(effects["stock"], effects["b"]) == ()
    assert [each.name for each in settings_differing(effects["stock"], effects["a"])] == ["jit"]


def test_what_trying_for_huge_pages_comes_to_is_told_by_the_facts_of_the_box():
    told = {
        pages: effects_of(PLAN, a_host(memory={"nr_hugepages": pages, "huge_page_bytes": 2 << 20}))["stock"][
            "huge_pages"
        ]
        for pages in (0, 10, 1000)
    }
    assert told == {0: "off", 10: "try", 1000: "on"}
    assert effects_of(PLAN, None)["stock"]["huge_pages"] == "try"


def test_of_a_value_that_is_none_there_is_a_note_and_no_effect():
    plan = a_plan(variants=(as_variant("stock", ""), as_variant("a", "jit = maybe\n")))
    assert effects_of(plan, None)["a"] == {}
    assert effect_notes(PLAN) == []
    [note] = effect_notes(plan)
    assert note.startswith("Variant a: jit = maybe: it takes on or off")
    assert note.endswith("in what it differs in effect is not known.")


def test_a_parameter_that_is_not_known_differs_by_its_text():
    plan = a_plan(variants=(as_variant("stock", ""), as_variant("a", "future_knob = 3\n")))
    effects = effects_of(plan, None)
    [found] = settings_differing(effects["stock"], effects["a"])
    assert (found.name, found.baseline, found.candidate) == ("future_knob", None, "3")
    assert effect_notes(plan) == []
