"""Phases whose clients are braked, each in one way: of each, its rung is to be told as bound by its clients.

Data: adding a case is an entry. A brake of one commit at a time takes longer than the slowest flush: beside one
that takes as long it is none. Of the layouts, which brake the server, no rung may be told so.
"""

from dataclasses import dataclass

SEVERAL = "in_flight=20, pool_min=5, pool_max=20, event_loop='asyncio'"
SINGLE_POOL = "in_flight=20, pool_min=1, pool_max=1, event_loop='asyncio'"
ASYNC = '''"""Twenty commits in flight, braked: {name}."""

import asyncio, contextlib, copy, functools, gc, hashlib, json, os, tempfile, time
from concurrent.futures import ThreadPoolExecutor

from bench.model.plan import Parameters
from bench.workload.phase import AsyncPhase

{setup}


async def insert(connection, rows, table):
    async def write():
        await connection.execute(f"INSERT INTO {{table.sql}} (device_id, payload) VALUES ($1, $2)", *rows[0])

    {brake}


PHASE = AsyncPhase(method="braked", parameters=Parameters({parameters}), insert=insert, call="execute")
'''
SYNC = '''"""One commit at a time, braked: {name}."""

import gc, hashlib, json, os, tempfile, time

from bench.model.plan import Parameters
from bench.workload.phase import SyncPhase

{setup}


def insert(connection, rows, table):
    {brake}
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {{table.sql}} (device_id, payload) VALUES (%s, %s)", rows[0])
    connection.commit()


PHASE = SyncPhase(method="braked", parameters=Parameters(), open=lambda connect: connect(), insert=insert)
'''
BURN = """def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
"""


@dataclass(frozen=True)
class Brake:
    """One way in which a client holds itself up."""

    name: str
    brake: str
    """Statements of ``insert``; of twenty in flight ``await write()`` makes the commit."""
    setup: str = ""
    text: str = ASYNC
    parameters: str = SEVERAL

    @property
    def file(self) -> str:
        """The phase's file."""
        return self.text.format(name=self.name, setup=self.setup, brake=self.brake, parameters=self.parameters)


BRAKES = (
    Brake("sleep-in-the-loop", "time.sleep(0.004); await write()"),
    Brake("sleep-awaited", "await asyncio.sleep(0.08); await write()"),
    Brake("cpu-a-row", "burn(0.004); await write()", BURN),
    Brake("hashing", "hashlib.pbkdf2_hmac('sha256', b'row', b'salt', 8000); await write()"),
    Brake("json", "json.loads(json.dumps(BIG)); await write()", "BIG = [{'n': n} for n in range(4000)]"),
    Brake("copying", "copy.deepcopy(BIG); await write()", "BIG = [[n] for n in range(1500)]"),
    Brake("collecting", "gc.collect(); await write()", "BIG = [[n] for n in range(100_000)]"),
    Brake("yielding", "for _ in range(200):\n        await asyncio.sleep(0)\n    await write()"),
    Brake(
        "lock", "async with lock():\n        await write()", "@functools.cache\ndef lock():\n    return asyncio.Lock()"
    ),
    Brake(
        "two-at-a-time",
        "async with two():\n        await write()",
        "@functools.cache\ndef two():\n    return asyncio.Semaphore(2)",
    ),
    Brake("pool-of-one", "await write()", parameters=SINGLE_POOL),
    Brake(
        "one-thread",
        "await asyncio.get_running_loop().run_in_executor(ONE, time.sleep, 0.004); await write()",
        "ONE = ThreadPoolExecutor(1)",
    ),
    Brake(
        "rate-limit",
        "now = time.monotonic()\n    slot[0] = max(slot[0] + 0.004, now)\n    await asyncio.sleep(slot[0] - now)\n"
        "    await write()",
        "slot = [0.0]",
    ),
    Brake("sleep-alone", "time.sleep(0.04)", text=SYNC),
    Brake("cpu-alone", "burn(0.04)", BURN, text=SYNC),
    Brake("hashing-alone", "hashlib.pbkdf2_hmac('sha256', b'row', b'salt', 80_000)", text=SYNC),
    Brake("json-alone", "json.loads(json.dumps(BIG))", "BIG = [{'n': n} for n in range(40_000)]", text=SYNC),
    Brake("collecting-alone", "gc.collect()", "BIG = [[n] for n in range(1_000_000)]", text=SYNC),
    Brake("spinning-alone", "for _ in range(2_000_000):\n        pass", text=SYNC),
    Brake("yielding-alone", "for _ in range(200):\n        time.sleep(0.0001)", text=SYNC),
)
BURNING_LAYOUT = """-- a table whose trigger burns the server's processor
-- baseline: plain
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE OR REPLACE FUNCTION {schema}.burn() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    n bigint := 0;
BEGIN
    FOR i IN 1..100000 LOOP n := n + i; END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER burn BEFORE INSERT ON {schema}.events FOR EACH ROW EXECUTE FUNCTION {schema}.burn();
"""
WAITING_LAYOUT = (
    BURNING_LAYOUT.replace("burns the server's processor", "waits")
    .replace("burn", "wait")
    .replace("FOR i IN 1..100000 LOOP n := n + i; END LOOP;", "PERFORM pg_sleep(0.01);")
)
UNBRAKED = Brake("unbraked", "await write()")
