-- plain-time-key in partitions by time: today (UTC), tomorrow, some of the past, and one for what fits none of them
-- baseline: plain-time-key
-- partitions: 8 by time
-- reads back: events: permanent partitioned table
-- reads back: events: column id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
-- reads back: events: column device_id bigint NOT NULL
-- reads back: events: column payload text NOT NULL
-- reads back: events: column created_at timestamp with time zone NOT NULL DEFAULT now()
-- reads back: events: PRIMARY KEY (id, created_at)
-- reads back: events_*: permanent table
-- reads back: events_*: PRIMARY KEY (id, created_at)
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
-- Bounds are reckoned when the table is made: all statements here are one transaction, in which now() is one moment.
-- Rows that are there before a trial lie an hour apart by partition (sql/preload.sql).
CREATE TABLE {schema}.events_past_{partition} PARTITION OF {schema}.events FOR VALUES
    FROM (now() - interval '1 hour' * ({partitions} - {partition}))
    TO (now() - interval '1 hour' * ({partitions} - {partition} - 1));
CREATE TABLE {schema}.events_today PARTITION OF {schema}.events FOR VALUES
    FROM (now()) TO (date_trunc('day', now(), 'UTC') + interval '24 hours');
CREATE TABLE {schema}.events_tomorrow PARTITION OF {schema}.events FOR VALUES
    FROM (date_trunc('day', now(), 'UTC') + interval '24 hours') TO (date_trunc('day', now(), 'UTC') + interval '48 hours');
CREATE TABLE {schema}.events_default PARTITION OF {schema}.events DEFAULT;
