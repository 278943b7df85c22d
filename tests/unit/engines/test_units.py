"""PostgreSQL's units are read as the server reads them."""

from fractions import Fraction

import pytest

from bench.engines.postgresql.units import in_base_units, shown
from bench.model.errors import DataError


@pytest.mark.parametrize(
    ("text", "base", "value"),
    [
        ("16MB", "8kB", 2048),
        ("3932kB", "8kB", 492),
        ("3924kB", "8kB", 490),
        ("15min", "s", 900),
        ("1min", "ms", 60000),
        ("10", "s", 10),
        ("-1", "kB", -1),
        ("30.1GB", "kB", 31561728),
        ("1GB", "MB", 1024),
        ("0", "8kB", 0),
        (" 2 s ", "ms", 2000),
        ("500us", "ms", 0),
        ("2048B", "kB", 2),
        ("100", "", 100),
        ("1.5", "", 2),
    ],
)
def test_a_value_is_read_in_base_units_as_the_server_does(text, base, value):
    assert in_base_units(text, base) == value


def test_a_real_parameter_is_not_rounded():
    assert in_base_units("0.5s", "ms", integer=False) == 500
    assert float(in_base_units("0.9", integer=False)) == 0.9


@pytest.mark.parametrize(
    ("text", "base", "says"),
    [
        ("lots", "kB", "'lots' is not a number"),
        ("", "kB", "'' is not a number"),
        ("5s", "kB", "unit 's' does not fit: the parameter takes TB, GB, MB, kB, B"),
        ("5mb", "kB", "unit 'mb' does not fit"),
        ("5MB", "ms", "the parameter takes d, h, min, s, ms, us"),
        ("5MB", "", "the parameter has no unit"),
    ],
)
def test_a_wrong_unit_is_refused_in_a_sentence(text, base, says):
    with pytest.raises(DataError, match=says):
        in_base_units(text, base)


@pytest.mark.parametrize(
    ("value", "base", "text"),
    [
        (16384, "8kB", "128MB"),
        (13301, "kB", "13301kB"),
        (1024, "MB", "1GB"),
        (900, "s", "15min"),
        (200, "ms", "200ms"),
        (Fraction(1, 10), "ms", "100us"),
        (-1, "8kB", "-1"),
        (0, "kB", "0"),
        (100, "", "100"),
        (Fraction(11, 10), "", "1.1"),
    ],
)
def test_a_value_is_shown_in_the_largest_unit_that_is_exact(value, base, text):
    assert shown(Fraction(value), base) == text
