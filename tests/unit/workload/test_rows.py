"""Who wrote a row can be told from it, and the same seed writes the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.workload.rows import (
    RING,
    RING_BYTES,
    SEQUENCE_BITS,
    ColumnSource,
    RowSource,
    first_stamp,
    payloads,
    ring_size,
)

BIGINT_MAX = (1 << 63) - 1


@settings(max_examples=10)
@given(writer=st.integers(1, 64), takes=st.lists(st.integers(1, 700), max_size=8))
def test_stamps_are_the_writers_and_follow_each_other(writer, takes):
    source = RowSource(writer, seed=1, payload_bytes=1)
    stamps = [stamp for count in takes for stamp, _ in source.take(count)]
    assert stamps == list(range(first_stamp(writer), first_stamp(writer) + sum(takes)))
    assert source.taken == sum(takes)
    assert {stamp >> SEQUENCE_BITS for stamp in stamps} <= {writer}


def test_the_last_row_of_a_thousand_writers_fits_a_bigint():
    assert first_stamp(1001) - 1 <= BIGINT_MAX


@pytest.mark.parametrize("payload_bytes", [1, 64, 100])
def test_a_payload_has_the_bytes_asked_for(payload_bytes):
    assert {len(payload.encode()) for _, payload in RowSource(1, 1, payload_bytes).take(20)} == {payload_bytes}


def test_the_same_seed_and_writer_write_the_same_and_others_do_not():
    rows = RowSource(1, 7, 64).take(100)
    assert RowSource(1, 7, 64).take(100) == rows
    assert [text for _, text in RowSource(2, 7, 64).take(100)] != [text for _, text in rows]
    assert [text for _, text in RowSource(1, 8, 64).take(100)] != [text for _, text in rows]


def test_how_rows_are_taken_does_not_change_them():
    once, thrice = RowSource(1, 7, 8), RowSource(1, 7, 8)
    assert once.take(9000) == [*thrice.take(1), *thrice.take(4500), *thrice.take(4499)]


def test_payloads_come_round_but_stamps_do_not():
    rows = RowSource(1, 7, 16).take(2 * RING)
    assert [text for _, text in rows[:RING]] == [text for _, text in rows[RING:]]
    assert len({text for _, text in rows}) == RING
    assert len({stamp for stamp, _ in rows}) == 2 * RING


@given(st.integers(1, 1 << 30))
def test_the_ring_is_never_empty_and_larger_than_its_bound_only_for_one_payload(payload_bytes):
    assert 1 <= ring_size(payload_bytes) <= RING
    assert ring_size(payload_bytes) == 1 or ring_size(payload_bytes) * payload_bytes <= RING_BYTES


def test_a_rows_payload_follows_from_its_place_in_the_ring():
    made = list(payloads(3, 7, 1000))
    source = RowSource(3, 7, 1000)
    rows = [row for _ in range(2) for row in source.take(len(made))]
    assert len(made) == ring_size(1000)
    assert [payload for _, payload in rows] == made * 2


def test_columns_are_the_same_rows():
    columns, rows = ColumnSource(3, 7, 64), RowSource(3, 7, 64)
    for count in (1, RING - 3, 5000):
        taken = columns.take(count)
        assert [*zip(taken.stamps, map(bytes.decode, taken.payloads), strict=True)] == rows.take(count)
    assert columns.taken == rows.taken
