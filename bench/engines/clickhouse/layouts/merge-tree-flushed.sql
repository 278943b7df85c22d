-- merge-tree, each part and its directory flushed before the INSERT is acknowledged
-- engine: clickhouse
-- baseline: merge-tree
-- reads back: events: column device_id Int64
-- reads back: events: column payload String
-- reads back: events: column created_at {moment}
-- reads back: events: MergeTree ORDER BY device_id SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192
CREATE TABLE {schema}.events (
    device_id Int64,
    payload String,
    created_at {moment}
) ENGINE = MergeTree ORDER BY device_id
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
