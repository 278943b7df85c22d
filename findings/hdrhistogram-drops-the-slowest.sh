#!/usr/bin/env bash
# hdrhistogram 0.10.8 (Python).
#
# A value above the range that the histogram was made for (up to the next power of two) is dropped: record_value returns
# False, which its docstring does not name. It is in no percentile, and neither
# in the total nor in the maximum: the longer the stall, the better the histogram. record_corrected_value, which is there to
# make up for what a stall kept from being measured, gives up with it: none of the values that it would add is recorded,
# those within range neither.
#
# Seen, of 999 values of 1 ms and one stall, range 1 µs to 60 s, 10 ms expected between two values:
#   record_value, stall of 59 s: total 1000, highest 59 s
#   record_value, stall of 70 s: total 999, highest 0.001 s
#   record_corrected_value, stall of 59 s: total 6899, highest 59 s
#   record_corrected_value, stall of 70 s: total 999, highest 0.001 s
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
trap 'cd /; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet hdrhistogram==0.10.8
cat >look.py <<'PYTHON'
from hdrh.histogram import HdrHistogram

MS, S = 1_000, 1_000_000
WAYS = {
    "record_value": lambda histogram, value: histogram.record_value(value),
    "record_corrected_value": lambda histogram, value: histogram.record_corrected_value(value, 10 * MS),
}
for name, record in WAYS.items():
    for stall_s in (59, 70):
        histogram = HdrHistogram(1, 60 * S, 3)
        for value in [1 * MS] * 999 + [stall_s * S]:
            record(histogram, value)
        highest = histogram.get_value_at_percentile(100) / S
        print(f"{name}, stall of {stall_s} s: total {histogram.get_total_count()}, highest {highest:.2g} s")
PYTHON
venv/bin/python look.py | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
