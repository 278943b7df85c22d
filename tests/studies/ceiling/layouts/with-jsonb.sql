-- plain with the payload in a jsonb document too, which the server makes of it: what parsing JSON costs it
-- baseline: plain
-- reads back: events: permanent table
-- reads back: events: column id bigint NOT NULL GENERATED ALWAYS AS IDENTITY
-- reads back: events: column device_id bigint NOT NULL
-- reads back: events: column payload text NOT NULL
-- reads back: events: column created_at timestamp with time zone NOT NULL DEFAULT now()
-- reads back: events: column document jsonb DEFAULT ((('{"payload": "'::text || payload) || '"}'::text))::jsonb
-- reads back: events: PRIMARY KEY (id)
CREATE TABLE {schema}.events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    document jsonb GENERATED ALWAYS AS (('{"payload": "' || payload || '"}')::jsonb) STORED
);
