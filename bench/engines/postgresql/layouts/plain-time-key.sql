-- plain with the time in its key, as a table must have it that is partitioned by time
-- baseline: plain
-- reads back: events: permanent table
-- reads back: events: column id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
-- reads back: events: column device_id bigint NOT NULL
-- reads back: events: column payload text NOT NULL
-- reads back: events: column created_at timestamp with time zone NOT NULL DEFAULT now()
-- reads back: events: PRIMARY KEY (id, created_at)
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at)
);
