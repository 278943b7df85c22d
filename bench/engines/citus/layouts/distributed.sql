-- shards of Citus on workers; the key has device_id in it, by which rows find their shard
-- baseline: plain
-- engine: citus
-- partitions: 4 by shard
-- reads back: events: permanent table
-- reads back: events: distributed by device_id over {partitions} shards
-- reads back: events: column id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
-- reads back: events: column device_id bigint NOT NULL
-- reads back: events: column payload text NOT NULL
-- reads back: events: column created_at timestamp with time zone NOT NULL DEFAULT now()
-- reads back: events: PRIMARY KEY (id, device_id)
-- reads back: shard {partition}: events: permanent table
-- reads back: shard {partition}: events: column id bigint NOT NULL
-- reads back: shard {partition}: events: column device_id bigint NOT NULL
-- reads back: shard {partition}: events: column payload text NOT NULL
-- reads back: shard {partition}: events: column created_at timestamp with time zone NOT NULL DEFAULT now()
-- reads back: shard {partition}: events: PRIMARY KEY (id, device_id)
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, device_id)
);
SELECT pg_catalog.create_distributed_table(
    '{schema}.events', 'device_id', colocate_with => 'none', shard_count => {partitions}
);
