"""A schema of a run is its own: by its name, by what is written on it, and by its oid."""

from bench.engines.postgresql.our_schema import LONGEST_NAME, schema_name


def test_the_name_of_a_run_is_in_the_name_of_its_schema():
    assert schema_name("20261128T050000-1a2b") == "pgladder_20261128t050000_1a2b"


def test_long_names_of_runs_are_not_cut_off_to_one():
    one, other = schema_name("r" * 80), schema_name("r" * 79 + "s")
    assert len(one) == len(other) == LONGEST_NAME
    assert one != other
