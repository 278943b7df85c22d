#!/usr/bin/env bash
# uvloop 0.23.0 beside the asyncio of Python 3.11.
#
# A delay of asyncio's is never shorter than asked for, by more than the clock's resolution (its documentation), and uvloop
# is its "drop-in replacement". uvloop rounds each delay to the nearest whole millisecond: 0.5 ms and less is no sleep at
# all, 1.4 ms is 1 ms. A program that sends 2,000 messages a second by sleep(0.0005) sends them as fast as it can, and says
# nothing; under asyncio it would send too few.
#
# Seen:
#   1,000 sleeps of 0.4 ms, 400 ms together: asyncio no less, uvloop less
#   1,000 sleeps of 0.5 ms, 500 ms together: asyncio no less, uvloop less
#   the shortest of 300 sleeps of 1.4 ms: asyncio no less, uvloop less
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
trap 'cd /; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet uvloop==0.23.0
cat >look.py <<'PYTHON'
import asyncio, time
import uvloop


async def slept_ms(delay_ms, times):
    taken = []
    for _ in range(times):
        began = time.monotonic()
        await asyncio.sleep(delay_ms / 1000)
        taken.append((time.monotonic() - began) * 1000)
    return taken


def words(took_ms, asked_ms):
    return "less" if took_ms < asked_ms else "no less"


LOOPS = {"asyncio": asyncio.run, "uvloop": uvloop.run}
for delay_ms in (0.4, 0.5):
    seen = [f"{name} {words(sum(run(slept_ms(delay_ms, 1000))), 1000 * delay_ms)}" for name, run in LOOPS.items()]
    print(f"1,000 sleeps of {delay_ms} ms, {1000 * delay_ms:.0f} ms together: {', '.join(seen)}")
seen = [f"{name} {words(min(run(slept_ms(1.4, 300))), 1.4)}" for name, run in LOOPS.items()]
print(f"the shortest of 300 sleeps of 1.4 ms: {', '.join(seen)}")
PYTHON
venv/bin/python look.py | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
