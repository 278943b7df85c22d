"""No row is lost, doubled or made up without a reason: by identity, for any mutation of what is found."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.agent.verify import TRANSACTIONS_ALLOWED, check_commits_found, check_transactions, verify, verify_counts
from bench.engines.engine import Arrived, Counted, Found
from bench.model.record import Verified
from bench.workload.messages import Lost
from bench.workload.rows import SEQUENCE_BITS, first_stamp
from tests.builders import a_result, stamps

DOUBT = Lost(first=40, rows=10, in_doubt=True)
REFUSED = Lost(first=70, rows=10, in_doubt=False)


def test_payloads_that_were_not_asked_for_are_named():
    result = a_result()
    _, [reason] = verify([result], replace(ask(stamps(result), [result]), altered={1: 3}))
    assert reason.code == "rows-altered"
    assert reason.detail == "writer 1: 3 rows hold another payload than was written"


def test_a_method_that_commits_each_row_is_told_by_the_transactions_that_wrote_them():
    result = a_result()
    arrived = ask(stamps(result), [result])
    assert check_commits_found(replace(arrived, transactions=result.commits), [result]) == []
    each_row = replace(arrived, transactions=result.acknowledged)
    assert [reason.code for reason in check_commits_found(each_row, [result])] == ["transactions-mismatch"]


def ask(rows, results):
    """What the server would answer if the table held exactly these stamps, each commit's of one transaction."""
    by_writer = {}
    for stamp in rows:
        by_writer.setdefault(stamp >> SEQUENCE_BITS, []).append(stamp)
    found = {
        writer: Found(rows=len(each), different=len(set(each)), lowest=min(each), highest=max(each))
        for writer, each in by_writer.items()
    }
    lost = {
        (result.writer, each.first): sum(
            0 <= stamp - first_stamp(result.writer) - each.first < each.rows for stamp in rows
        )
        for result in results
        for each in result.lost
    }
    commits = sum(result.commits for result in results)
    return Arrived(writers=found, lost=lost, altered={}, transactions=commits)


def codes(rows, *results):
    _, reasons = verify(results, ask(rows, results))
    return [reason.code for reason in reasons]


def lost_rows(result):
    first = first_stamp(result.writer)
    return {first + each.first + row for each in result.lost for row in range(each.rows)}


def acknowledged(result):
    return [stamp for stamp in stamps(result) if stamp not in lost_rows(result)]


# --- nothing wrong ---------------------------------------------------------------------------------------------------


def test_what_was_acknowledged_and_nothing_else_is_as_it_should_be():
    results = [a_result(1), a_result(2, acknowledged=30)]
    rows = stamps(results[0]) + stamps(results[1])
    verified, reasons = verify(results, ask(rows, results))
    assert (verified, reasons) == (Verified(attempted=130, acknowledged=130, found=130, in_doubt=0), [])


@pytest.mark.parametrize("kept", [True, False])
def test_a_commit_in_doubt_may_be_there_or_not(kept):
    result = a_result(lost=(DOUBT,))
    rows = stamps(result) if kept else acknowledged(result)
    verified, reasons = verify([result], ask(rows, [result]))
    assert reasons == []
    assert verified == Verified(attempted=110, acknowledged=100, found=len(rows), in_doubt=10)


def test_a_commit_that_was_refused_and_is_not_there_is_as_it_should_be():
    result = a_result(lost=(REFUSED,))
    assert codes(acknowledged(result), result) == []


def test_a_client_that_never_wrote_is_as_it_should_be():
    assert codes([], a_result(acknowledged=0)) == []


# --- every kind of mismatch ------------------------------------------------------------------------------------------


def test_a_lost_row_is_missed():
    assert codes(stamps(a_result())[:-1], a_result()) == ["rows-lost"]


def test_all_rows_lost_are_missed():
    assert codes([], a_result()) == ["rows-lost"]


def test_a_row_that_is_there_twice_is_noticed():
    assert codes([*stamps(a_result()), stamps(a_result())[3]], a_result()) == ["rows-duplicated"]


def test_a_lost_row_is_missed_though_another_one_makes_up_the_count():
    rows = stamps(a_result())
    assert codes([*rows[:-1], rows[0]], a_result()) == ["rows-duplicated", "rows-lost"]


@pytest.mark.parametrize("stamp", [first_stamp(1) + 100, first_stamp(1) + 5000, first_stamp(2) - 1])
def test_a_row_that_was_never_attempted_is_noticed(stamp):
    assert "rows-foreign" in codes([*stamps(a_result()), stamp], a_result())


def test_a_lost_row_is_missed_though_a_foreign_one_makes_up_the_count():
    assert "rows-foreign" in codes([*stamps(a_result())[1:], first_stamp(1) + 100], a_result())


@pytest.mark.parametrize("stamp", [0, 77, first_stamp(2), first_stamp(9) + 4])
def test_a_row_of_an_unknown_writer_is_noticed(stamp):
    assert codes([*stamps(a_result()), stamp], a_result()) == ["rows-foreign"]


def test_rows_of_a_refused_commit_must_not_be_there():
    result = a_result(lost=(REFUSED,))
    assert codes([*acknowledged(result), first_stamp(1) + 75], result) == ["refused-rows-found"]


@pytest.mark.parametrize("kept", [1, 9])
def test_a_commit_in_doubt_that_is_there_in_part_was_no_transaction(kept):
    result = a_result(lost=(DOUBT,))
    rows = stamps(result)[:40] + stamps(result)[40 : 40 + kept] + stamps(result)[50:]
    assert codes(rows, result) == ["commits-torn"]


def test_a_lost_row_is_missed_though_rows_in_doubt_make_up_the_count():
    result = a_result(lost=(DOUBT,))
    rows = stamps(result)[10:]  # ten acknowledged ones are gone, the ten in doubt are there
    assert len(rows) == result.acknowledged
    assert codes(rows, result) == ["rows-lost"]


@pytest.mark.parametrize("attempted", [99, 101])
def test_a_client_whose_own_account_does_not_add_up_is_noticed(attempted):
    result = a_result(attempted=attempted)
    assert "rows-unaccounted" in codes(stamps(a_result()), result)


def test_the_reason_names_the_writer_and_how_many():
    results = [a_result(1), a_result(2)]
    _, [reason] = verify(results, ask(stamps(results[0]) + stamps(results[1])[:97], results))
    assert reason.detail == "writer 2: 3 acknowledged rows are not there"


# --- any mutation ----------------------------------------------------------------------------------------------------


@st.composite
def written(draw):
    """One to three writers with lost commits, and the rows that are there: of those in doubt, whole commits or none."""
    results, rows = [], []
    for writer in range(1, draw(st.integers(1, 3)) + 1):
        batch = draw(st.integers(1, 7))
        fates = draw(st.lists(st.sampled_from(["kept", "kept", "doubt", "refused"]), min_size=1, max_size=8))
        lost = [
            Lost(first=number * batch, rows=batch, in_doubt=fate == "doubt")
            for number, fate in enumerate(fates)
            if fate != "kept"
        ]
        result = a_result(writer, acknowledged=batch * fates.count("kept"), lost=tuple(lost))
        results.append(result)
        rows += acknowledged(result)
        for each in lost:
            if each.in_doubt and draw(st.booleans()):
                rows += stamps(result)[each.first : each.first + each.rows]
    return results, rows


@given(written())
def test_what_honest_clients_wrote_never_gets_a_reason(world):
    results, rows = world
    assert codes(rows, *results) == []


@given(written(), st.data())
def test_any_mutation_of_what_is_found_gets_a_reason(world, data):
    results, rows = world
    counted, must = Counter(rows), {stamp for result in results for stamp in acknowledged(result)}
    refused = {
        stamp
        for result in results
        for stamp in lost_rows(replace(result, lost=[each for each in result.lost if not each.in_doubt]))
    }
    attempted = {stamp for result in results for stamp in stamps(result)}
    doubted = [
        set(stamps(result)[each.first : each.first + each.rows])
        for result in results
        for each in result.lost
        if each.in_doubt
    ]
    for _ in range(data.draw(st.integers(1, 4))):
        match data.draw(st.sampled_from(["drop", "double", "foreign", "refused", "tear"])):
            case "drop" if must & counted.keys():
                del counted[data.draw(st.sampled_from(sorted(must & counted.keys())))]
            case "double" if counted:
                counted[data.draw(st.sampled_from(sorted(counted)))] += data.draw(st.integers(1, 3))
            case "tear" if torn := [batch for batch in doubted if len(batch) > 1 and counted.keys() >= batch]:
                del counted[min(data.draw(st.sampled_from(torn)))]
            case "refused" if refused:
                counted[data.draw(st.sampled_from(sorted(refused)))] += 1
            case _:
                stamp = data.draw(st.integers(0, first_stamp(5)).filter(lambda stamp: stamp not in attempted))
                counted[stamp] += 1
    assert codes(list(counted.elements()), *results) != []


# --- transactions ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("used", [10, 10 + TRANSACTIONS_ALLOWED, 15 + TRANSACTIONS_ALLOWED])
def test_as_many_transactions_as_commits_or_a_few_more_are_right(used):
    assert check_transactions(used, [a_result()], seconds=5, exclusive=True) == []


@pytest.mark.parametrize(
    ("used", "words"), [(9, "used only 9"), (16 + TRANSACTIONS_ALLOWED, "would be explained"), (100, "used 100")]
)
def test_a_method_that_commits_otherwise_than_it_claims_is_noticed(used, words):
    [reason] = check_transactions(used, [a_result()], seconds=5, exclusive=True)
    assert reason.code == "transactions-mismatch"
    assert words in reason.detail


def test_lost_commits_may_have_used_transactions_but_need_not():
    result = a_result(lost=(DOUBT,))
    assert check_transactions(10, [result], seconds=0, exclusive=True) == []
    assert check_transactions(11 + TRANSACTIONS_ALLOWED, [result], seconds=0, exclusive=True) == []


def test_others_may_use_transactions_of_a_server_that_is_not_ours_alone():
    assert check_transactions(10**6, [a_result()], seconds=5, exclusive=False) == []
    assert check_transactions(9, [a_result()], seconds=5, exclusive=False) != []


# --- a server that keeps no rows -------------------------------------------------------------------------------------


def counted_codes(counted, *results):
    verified, reasons = verify_counts(results, counted)
    assert verified.found == counted.rows
    return [reason.code for reason in reasons]


def test_what_a_server_without_rows_acknowledged_is_what_clients_claim():
    two = a_result(1, 100), a_result(2, 50)
    assert counted_codes(Counted(rows=150, transactions=15), *two) == []
    assert counted_codes(Counted(rows=149, transactions=15), *two) == ["rows-lost"]
    assert counted_codes(Counted(rows=151, transactions=15), *two) == ["rows-foreign"]
    assert counted_codes(Counted(rows=150, transactions=150), *two) == ["transactions-mismatch"]
    assert counted_codes(Counted(rows=150, transactions=14), *two) == ["transactions-mismatch"]


@pytest.mark.parametrize(("rows", "transactions"), [(100, 10), (110, 11)])
def test_of_a_commit_in_doubt_it_may_have_acknowledged_the_rows_or_not(rows, transactions):
    assert counted_codes(Counted(rows=rows, transactions=transactions), a_result(lost=(DOUBT,))) == []
    refused = counted_codes(Counted(rows=110, transactions=11), a_result(lost=(REFUSED,)))
    assert refused == ["rows-foreign", "transactions-mismatch"]


def test_rows_that_a_client_does_not_account_for_are_named():
    assert counted_codes(Counted(rows=100, transactions=10), a_result(attempted=103)) == ["rows-unaccounted"]
