-- plain in partitions: rows, index and extension locks are spread over as many relations
-- baseline: plain
-- partitions: 8 by hash
-- reads back: events: permanent partitioned table
-- reads back: events: column id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
-- reads back: events: column device_id bigint NOT NULL
-- reads back: events: column payload text NOT NULL
-- reads back: events: column created_at timestamp with time zone NOT NULL DEFAULT now()
-- reads back: events: PRIMARY KEY (id)
-- reads back: events_{partition}: permanent table
-- reads back: events_{partition}: PRIMARY KEY (id)
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY HASH (id);
CREATE TABLE {schema}.events_{partition} PARTITION OF {schema}.events
    FOR VALUES WITH (MODULUS {partitions}, REMAINDER {partition});
