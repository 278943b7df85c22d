"""What a power cut leaves of a block that was being added to a file is no page, and judged by nobody."""

import subprocess
from contextlib import closing

import pytest

from bench.engines.postgresql.binaries import find_binaries
from bench.engines.postgresql.variants import harness_for
from bench.power.server import PoweredServer

BLOCK = 8192
ROWS = "CREATE TABLE kept AS SELECT n FROM generate_series(1, 5000) AS n"


@pytest.fixture
def server(place):
    server = PoweredServer(place, find_binaries())
    try:
        server.create(harness_for(10, tls=False), tls=False)
        server.begin("kill")
        yield server
    finally:
        server.close()


def test_half_a_block_at_the_end_of_a_file_is_no_damage_and_a_wrong_page_is(server):
    with closing(server.connect()) as session:
        session.run(ROWS)
        path = server.disk / session.value("SELECT pg_relation_filepath('kept')")
    server.stop()
    whole = path.stat().st_size
    with path.open("ab") as file:
        file.write(b"\x01" * (BLOCK // 2))
    command = [server.programs / "pg_checksums", "--check", "--pgdata", server.disk]
    assert (
        f"read {BLOCK // 2} of {BLOCK}" in subprocess.run(command, capture_output=True, text=True, check=False).stderr
    )
    assert server.checksums() is None
    assert path.stat().st_size == whole
    server.start()
    with closing(server.connect()) as session:
        assert session.value("SELECT count(*) FROM kept") == 5000
    server.stop()
    with path.open("r+b") as file:
        file.seek(BLOCK + 100)
        file.write(b"wrong")
    assert "block 1" in server.checksums()
