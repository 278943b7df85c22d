"""The ladder says where the rate of a trial fell for good, and how much its disk had written until then."""

from dataclasses import replace

from bench.model.record import Samples
from bench.results.read import ladder_of
from tests.builders import a_record, pulled, void

SECONDS = 120


def a_run(rates, *, read_disk=True, **changes):
    record = a_record(7, "2-G", **({"seconds": SECONDS} | changes))
    readings = []
    for second in range(SECONDS + 1):
        disk = {"writes": second, "sectors_written": 1000 + second * 400_000, "busy_ms": 0}
        host = {"disk": disk if read_disk else {"unreadable": "no such device"}}
        readings.append({"at_s": second, "host": host})
    samples = Samples(trial=7, attempt=1, rows_per_second=rates, readings=readings)
    run = pulled(record, samples={record.key: samples})
    return replace(run, plan=replace(run.plan, window_s=SECONDS))


FALLS = [100_000 + second % 7 for second in range(40)] + [30_000 + second % 7 for second in range(80)]


def test_a_fall_is_told_in_a_sentence_with_its_three_numbers():
    report = ladder_of(a_run(FALLS))
    [fall] = report.falls
    assert (fall.trial, fall.phase, fall.after_s) == (7, "2-G", 40)
    assert fall.written_bytes == 40 * 400_000 * 512
    assert fall.sentence in report.notes
    assert fall.sentence == (
        "Trial 7, 2-G: the rate fell from 100,003 to 30,003 rows/s 40 s into the window, when its disk had written"
        " 8.2 GB, and stayed there, as on a disk whose cache is full."
    )


def test_what_the_disk_wrote_is_not_told_where_it_is_not_known():
    [fall] = ladder_of(a_run(FALLS, read_disk=False)).falls
    assert fall.written_bytes is None
    assert "GB" not in fall.sentence


def test_nothing_is_told_of_a_steady_trial_of_a_void_one_and_without_samples():
    assert ladder_of(a_run([100_000] * SECONDS)).falls == ()
    assert ladder_of(a_run(FALLS, **void())).falls == ()
    assert ladder_of(replace(a_run(FALLS), with_samples=False)).falls == ()
