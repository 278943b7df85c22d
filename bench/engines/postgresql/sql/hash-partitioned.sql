-- plain in eight partitions: rows, index and extension locks are spread over eight relations
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
