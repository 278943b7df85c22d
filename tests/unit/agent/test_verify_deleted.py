"""Where the oldest rows are deleted meanwhile, what is there and what was deleted must be what came, row by row."""

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.agent.mixed import commits_cut
from bench.agent.verify import TRANSACTIONS_ALLOWED, check_commits_found, check_transactions, verify
from bench.engines.engine import Arrived, Found, Marked
from bench.model.plan import Parameters
from bench.model.record import Verified
from bench.workload.beside import MARKS, Deleted, RetentionResult
from bench.workload.messages import Lost
from bench.workload.rows import SEQUENCE_BITS, first_stamp
from tests.builders import a_result, stamps


def mark(row):
    """Of a row, which is a stamp and its payload, or a stamp alone that has the payload made for it."""
    text = repr(row if isinstance(row, tuple) else (row, "as made"))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def stamp_of(row):
    return row[0] if isinstance(row, tuple) else row


def by_writer(rows):
    found = {}
    for row in rows:
        found.setdefault(stamp_of(row) >> SEQUENCE_BITS, []).append(row)
    return found


def there_of(rows, results):
    writers = {}
    for writer, each in by_writer(rows).items():
        own = list(map(stamp_of, each))
        writers[writer] = Found(rows=len(own), different=len(set(own)), lowest=min(own), highest=max(own))
    lost = {
        (result.writer, each.first): sum(
            0 <= stamp_of(row) - first_stamp(result.writer) - each.first < each.rows for row in rows
        )
        for result in results
        for each in result.lost
    }
    return Arrived(writers=writers, lost=lost, altered={}, transactions=0)


def deleted_of(rows):
    deleted = {}
    for writer, each in by_writer(rows).items():
        own = list(map(stamp_of, each))
        deleted[writer] = Deleted(
            rows=len(own), lowest=min(own), highest=max(own), marks=sum(map(mark, each)) % MARKS, transactions=1
        )
    return RetentionResult(deleted=deleted, steps=1)


def is_lost(result, stamp):
    return any(0 <= stamp - first_stamp(result.writer) - each.first < each.rows for each in result.lost)


def marked_of(rows, results):
    found = {}
    for result in results:
        written = [stamp for stamp in stamps(result) if not is_lost(result, stamp)]
        there = [row for row in by_writer(rows).get(result.writer, []) if not is_lost(result, stamp_of(row))]
        found[result.writer] = Marked(written=sum(map(mark, written)) % MARKS, there=sum(map(mark, there)) % MARKS)
    return found


def verified(there, gone, *results):
    return verify(results, there_of(there, results), deleted_of(gone), marked_of(there, results))


def codes(there, gone, *results):
    return [reason.code for reason in verified(there, gone, *results)[1]]


@given(st.lists(st.booleans(), min_size=200, max_size=200))
def test_whichever_rows_were_deleted_all_are_accounted_for(chosen):
    results = [a_result(1), a_result(2)]
    rows = stamps(results[0]) + stamps(results[1])
    gone = [row for row, is_gone in zip(rows, chosen, strict=True) if is_gone]
    there = [row for row, is_gone in zip(rows, chosen, strict=True) if not is_gone]
    found, reasons = verified(there, gone, *results)
    assert reasons == []
    assert found == Verified(attempted=200, acknowledged=200, found=len(there), in_doubt=0, deleted=len(gone))


def test_what_was_there_before_the_trial_is_no_writers():
    result = a_result()
    rows = stamps(result)
    found, reasons = verified(rows[50:], [-1, -2, -3, *rows[:50]], result)
    assert (reasons, found.deleted) == ([], 50)


@pytest.mark.parametrize(
    ("there", "gone", "code"),
    [
        (slice(51, None), slice(0, 50), "rows-lost"),
        (slice(49, None), slice(0, 50), "rows-foreign"),
        (slice(50, None), slice(0, 49), "rows-lost"),
    ],
)
def test_a_row_too_few_or_one_that_is_there_and_deleted_is_noticed(there, gone, code):
    rows = stamps(a_result())
    assert code in codes(rows[there], rows[gone], a_result())


def test_a_lost_row_is_missed_though_another_was_deleted_twice():
    rows = stamps(a_result())
    assert codes(rows[50:], [*rows[1:50], rows[7]], a_result()) == ["rows-altered"]


def test_a_deleted_row_with_another_payload_is_noticed():
    rows = stamps(a_result())
    assert codes(rows[50:], [*rows[:49], (rows[49], "another")], a_result()) == ["rows-altered"]


def test_a_deleted_row_that_was_never_attempted_is_noticed():
    rows = stamps(a_result())
    assert "rows-foreign" in codes(rows[50:], [*rows[:49], first_stamp(1) + 777], a_result())
    assert "rows-foreign" in codes(rows[50:], [*rows[:50], first_stamp(9)], a_result())


@given(st.data())
def test_any_mutation_of_what_was_deleted_gets_a_reason(data):
    result = a_result()
    rows = stamps(result)
    cut = data.draw(st.integers(1, 100))
    gone = list(rows[:cut])
    match data.draw(st.sampled_from(["drop", "double", "payload", "swap"])):
        case "drop":
            del gone[data.draw(st.integers(0, cut - 1))]
        case "double":
            gone.append(data.draw(st.sampled_from(gone)))
        case "payload":
            at = data.draw(st.integers(0, cut - 1))
            gone[at] = (gone[at], "another")
        case "swap":
            gone[data.draw(st.integers(0, cut - 1))] = data.draw(st.integers(first_stamp(1) + 100, first_stamp(3)))
    assert codes(rows[cut:], gone, result) != []


def test_of_commits_in_doubt_those_that_came_last_are_left_out_of_the_marks():
    lost = Lost(first=90, rows=10, in_doubt=True)
    result = a_result(acknowledged=90, lost=(lost,))
    rows = stamps(result)
    for kept in (rows, rows[:90]):
        assert codes(kept[50:], kept[:50], result) == []


def test_whether_rows_in_doubt_were_deleted_is_said_to_be_unknown():
    lost = Lost(first=40, rows=10, in_doubt=True)
    result = a_result(lost=(lost,))
    rows = stamps(result)
    for arrived in (rows, [row for row in rows if not is_lost(result, row)]):
        assert codes(arrived[60:], arrived[:60], result) == ["deleted-unknown"]
    assert "rows-lost" in codes(rows[61:], [*rows[:40], *rows[50:60]], result)


# --- transactions ----------------------------------------------------------------------------------------------------


def arrived_by(transactions):
    return Arrived(writers={}, lost={}, altered={}, transactions=transactions)


def gone_by(transactions, steps=3):
    one = Deleted(rows=50, lowest=first_stamp(1), highest=first_stamp(1) + 49, marks=0, transactions=transactions)
    before = replace(one, lowest=-9, highest=-1, transactions=1)
    return RetentionResult(deleted={1: one, -1: before}, steps=steps)


@pytest.mark.parametrize(
    ("there", "gone", "cut", "right"),
    [
        (5, 5, 0, True),
        (5, 6, 0, False),
        (5, 4, 0, False),
        (5, 5 + 3 * 2, 2, True),
        (5, 5 + 3 * 2 + 1, 2, False),
        (4, 5, 2, False),
    ],
)
def test_a_commit_that_steps_cut_in_two_is_counted_twice_and_no_other_is(there, gone, cut, right):
    reasons = check_commits_found(arrived_by(there), [a_result()], gone_by(gone), cut)
    assert [reason.code for reason in reasons] == ([] if right else ["transactions-mismatch"])


def test_a_method_that_commits_each_row_is_told_though_most_of_its_rows_are_deleted():
    [reason] = check_commits_found(arrived_by(50), [a_result()], gone_by(50), 5)
    assert "(25 would be explained by the steps in which rows were deleted)" in reason.detail


def test_steps_in_which_rows_were_deleted_are_transactions_too():
    assert check_transactions(10 + 7, [a_result()], 0, exclusive=True, steps=7) == []
    assert check_transactions(10 + 6, [a_result()], 0, exclusive=True, steps=7) != []
    assert check_transactions(18 + TRANSACTIONS_ALLOWED, [a_result()], 0, exclusive=True, steps=7) != []


def test_what_made_partitions_may_have_used_transactions_but_need_not():
    allowed = 10 + 7 + 5 + TRANSACTIONS_ALLOWED
    for used, right in ((10 + 7, True), (allowed, True), (allowed + 1, False)):
        reasons = check_transactions(used, [a_result()], 0, exclusive=True, steps=7, more=5)
        assert (reasons == []) == right, used


def test_of_partitions_no_commit_is_cut_in_two():
    several = Parameters(batch=100, in_flight=5, processes=2, retain=10_000)
    assert commits_cut(several, RetentionResult()) == 10
    assert (
        commits_cut(several, RetentionResult(dropped=[1250])) == commits_cut(several, RetentionResult(dropped=[])) == 0
    )
    assert commits_cut(replace(several, batch=1), RetentionResult()) == 0
