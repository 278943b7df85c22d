-- plain in eight partitions: rows, index and extension locks are spread over eight relations
-- baseline: plain
-- reads back: events: permanent partitioned table
-- reads back: events: column id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
-- reads back: events: column device_id bigint NOT NULL
-- reads back: events: column payload text NOT NULL
-- reads back: events: column created_at timestamp with time zone NOT NULL DEFAULT now()
-- reads back: events: PRIMARY KEY (id)
-- reads back: events_0: permanent table
-- reads back: events_0: PRIMARY KEY (id)
-- reads back: events_1: permanent table
-- reads back: events_1: PRIMARY KEY (id)
-- reads back: events_2: permanent table
-- reads back: events_2: PRIMARY KEY (id)
-- reads back: events_3: permanent table
-- reads back: events_3: PRIMARY KEY (id)
-- reads back: events_4: permanent table
-- reads back: events_4: PRIMARY KEY (id)
-- reads back: events_5: permanent table
-- reads back: events_5: PRIMARY KEY (id)
-- reads back: events_6: permanent table
-- reads back: events_6: PRIMARY KEY (id)
-- reads back: events_7: permanent table
-- reads back: events_7: PRIMARY KEY (id)
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY HASH (id);
CREATE TABLE {schema}.events_0 PARTITION OF {schema}.events FOR VALUES WITH (MODULUS 8, REMAINDER 0);
CREATE TABLE {schema}.events_1 PARTITION OF {schema}.events FOR VALUES WITH (MODULUS 8, REMAINDER 1);
CREATE TABLE {schema}.events_2 PARTITION OF {schema}.events FOR VALUES WITH (MODULUS 8, REMAINDER 2);
CREATE TABLE {schema}.events_3 PARTITION OF {schema}.events FOR VALUES WITH (MODULUS 8, REMAINDER 3);
CREATE TABLE {schema}.events_4 PARTITION OF {schema}.events FOR VALUES WITH (MODULUS 8, REMAINDER 4);
CREATE TABLE {schema}.events_5 PARTITION OF {schema}.events FOR VALUES WITH (MODULUS 8, REMAINDER 5);
CREATE TABLE {schema}.events_6 PARTITION OF {schema}.events FOR VALUES WITH (MODULUS 8, REMAINDER 6);
CREATE TABLE {schema}.events_7 PARTITION OF {schema}.events FOR VALUES WITH (MODULUS 8, REMAINDER 7);
