#!/usr/bin/env bash
# psycopg-pool 3.3.3 with psycopg 3.3.9.
#
# A program opens its pool and waits for it (open(wait=True)). Where the server can't be reached it gets a PoolTimeout, after
# the whole time that it was ready to wait. What libpq said is not in the error: not in its text, nor as its cause or
# context. It is in the log alone, as a warning of each attempt, so that the program can't report why. psycopg's own
# connect() says at once what is wrong: a program that wants to know connects once by itself before it opens the pool.
#
# Seen:
#   connect: OperationalError after less than 1 s, says connection refused: True
#   pool.open(wait=True, timeout=3): PoolTimeout after 3 s: pool initialization incomplete after 3 sec
#   its text, cause or context says connection refused: False
script=$(realpath "$0")
set -euo pipefail
folder=$(mktemp -d)
cd "$folder"
trap 'cd /; rm -rf "$folder"' EXIT
python3 -m venv venv
venv/bin/pip install --quiet 'psycopg[binary]==3.3.9' psycopg-pool==3.3.3
cat >look.py <<'PYTHON'
import logging, socket, time
import psycopg
from psycopg_pool import ConnectionPool

logging.disable(logging.CRITICAL)
with socket.socket() as taken:  # bound, never listening: whoever connects is refused
    taken.bind(("127.0.0.1", 0))
    server = f"host=127.0.0.1 port={taken.getsockname()[1]} user=u dbname=d"
    began = time.monotonic()
    try:
        psycopg.connect(server)
    except psycopg.OperationalError as error:
        soon = "less than 1 s" if time.monotonic() - began < 1 else "more than 1 s"
        print(f"connect: {type(error).__name__} after {soon}, says connection refused: {'refused' in str(error)}")
    pool = ConnectionPool(server, open=False)
    began = time.monotonic()
    try:
        pool.open(wait=True, timeout=3)
    except psycopg.OperationalError as error:
        print(f"pool.open(wait=True, timeout=3): {type(error).__name__} after {time.monotonic() - began:.0f} s: {error}")
        said = f"{error} {error.__cause__} {error.__context__}"
        print(f"its text, cause or context says connection refused: {'refused' in said}")
    pool.close()
PYTHON
venv/bin/python look.py | sed 's/ sec[.]*0*$/ sec/; s/after 3[.]0 sec/after 3 sec/' | tee seen
sed -n '/^# Seen/,/^script=/s/^#   //p' "$script" >expected
diff expected seen
