-- partitions on servers of their own, reached by postgres_fdw; without a key, which such a table can't have
-- baseline: plain
-- engine: postgres_fdw
-- partitions: 2 by server
-- reads back: events: permanent partitioned table
-- reads back: events: column id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
-- reads back: events: column device_id bigint NOT NULL
-- reads back: events: column payload text NOT NULL
-- reads back: events: column created_at timestamp with time zone NOT NULL DEFAULT now()
-- reads back: events_{partition}: permanent foreign table
-- reads back: events_{partition}: on server pgladder_shard_{partition} WITH (table_name=events)
-- reads back: shard {partition}: events: permanent table
-- reads back: shard {partition}: events: column id bigint NOT NULL
-- reads back: shard {partition}: events: column device_id bigint NOT NULL
-- reads back: shard {partition}: events: column payload text NOT NULL
-- reads back: shard {partition}: events: column created_at timestamp with time zone NOT NULL
-- reads back: shard {partition}: events: PRIMARY KEY (id)
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY HASH (device_id);
CREATE FOREIGN TABLE {schema}.events_{partition} PARTITION OF {schema}.events
    FOR VALUES WITH (MODULUS {partitions}, REMAINDER {partition})
    SERVER pgladder_shard_{partition} OPTIONS (table_name 'events');
