-- ClickHouse's usual table, ordered by device; nothing of it is flushed
-- engine: clickhouse
-- reads back: events: column device_id Int64
-- reads back: events: column payload String
-- reads back: events: column created_at {moment}
-- reads back: events: MergeTree ORDER BY device_id SETTINGS index_granularity = 8192
CREATE TABLE {schema}.events (
    device_id Int64,
    payload String,
    created_at {moment}
) ENGINE = MergeTree ORDER BY device_id
