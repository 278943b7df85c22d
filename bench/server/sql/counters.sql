-- The server's counters since they were last reset; the positions in the WAL are exact, the others are reported by
-- each backend at most once a second.
SELECT
    pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0') AS wal_position,
    wal.wal_records, wal.wal_fpi, wal.wal_buffers_full, wal.wal_write, wal.wal_sync,
    wal.wal_write_time, wal.wal_sync_time,
    writer.checkpoints_timed, writer.checkpoints_req, writer.buffers_checkpoint, writer.buffers_backend,
    writer.checkpoint_write_time, writer.checkpoint_sync_time
FROM pg_stat_wal AS wal, pg_stat_bgwriter AS writer;
