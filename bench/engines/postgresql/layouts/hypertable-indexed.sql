-- hypertable with the index that TimescaleDB adds by default, on the time alone
-- engine: timescaledb
-- baseline: hypertable
-- reads back: events: permanent table
-- reads back: events: hypertable by created_at
-- reads back: events: column id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
-- reads back: events: column device_id bigint NOT NULL
-- reads back: events: column payload text NOT NULL
-- reads back: events: column created_at timestamp with time zone NOT NULL DEFAULT now()
-- reads back: events: PRIMARY KEY (id, created_at)
-- reads back: events: index events_created_at_idx
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at)
);
SELECT {timescaledb}.create_hypertable(
    '{schema}.events', 'created_at', chunk_time_interval => {chunk_interval}
);
