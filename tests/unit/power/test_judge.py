"""What the judge makes of the rows that are there, beside those that were attempted."""

import pytest

from bench.power.judge import _of_halves, _of_rows
from bench.power.ledger import PAGES_EACH, Ledger, page, stamp

LEDGER = Ledger(attempted={1: 3, 2: 1}, acknowledged_ns={1: [10, 20], 2: []})
WHOLE = {stamp(1, 1): (1, True), stamp(1, 2): (1, True), stamp(2, 1): (1, True)}


def pages(*rows: int) -> dict[int, int]:
    """The table of pages as these rows leave it."""
    found = dict.fromkeys(range(2 * PAGES_EACH), 0)
    for each in sorted(rows):
        found[page(each >> 32, each & 0xFFFFFFFF)] = each
    return found


def test_the_ledger_tells_what_was_acknowledged_and_when():
    assert (LEDGER.count, list(LEDGER.acknowledged())) == (2, [(1, 1, 10), (1, 2, 20)])
    assert LEDGER.last_ns == 20


def test_each_writer_has_pages_of_its_own_and_comes_to_all_of_them():
    first, second = ({page(writer, number) for number in range(1, PAGES_EACH + 1)} for writer in (1, 2))
    assert (first, second) == (set(range(PAGES_EACH)), set(range(PAGES_EACH, 2 * PAGES_EACH)))


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (WHOLE, []),
        ({}, []),
        (WHOLE | {stamp(1, 1): (2, True)}, ["1 rows are there twice"]),
        (WHOLE | {stamp(1, 3): (1, False)}, ["1 rows are not as they were written"]),
        (WHOLE | {stamp(1, 4): (1, True), stamp(3, 1): (1, True), 0: (1, True)}, ["3 rows are of nobody"]),
    ],
)
def test_rows_are_there_once_as_written_and_attempted(rows, expected):
    assert list(_of_rows(rows, LEDGER)) == expected


def test_a_transaction_is_there_whole_or_not_at_all():
    assert list(_of_halves(WHOLE, pages(*WHOLE))) == []
    assert list(_of_halves(WHOLE, pages(stamp(1, 1), stamp(1, 2)))) == ["1 transactions are half there"]
    assert list(_of_halves({stamp(1, 1): (1, True)}, pages(*WHOLE))) == ["2 transactions are half there"]
    assert list(_of_halves({stamp(1, 1): (1, True)}, {})) == ["1 transactions are half there"]
