from bench.engines.postgresql.staging import KEEPING_WAL, too_much

READINGS = {
    "shared_memory_size": "1",
    "shared_memory_size_in_huge_pages": "1",
    "shared_buffers": "1",
    "huge_pages": "off",
}


def test_a_wal_file_that_goes_while_the_room_is_reckoned_takes_none(tmp_path):
    (tmp_path / "pg_wal").mkdir()
    (tmp_path / "pg_wal" / "000000010000000000000001").symlink_to(tmp_path / "recycled")
    assert list(too_much(READINGS | dict.fromkeys(KEEPING_WAL, "1"), tmp_path, 0)) == []
