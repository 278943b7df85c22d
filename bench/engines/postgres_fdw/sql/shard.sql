-- What of the table lies on one server: numbers and times of rows are made where they are written to.
CREATE TABLE {schema}.events (
    id bigint PRIMARY KEY,
    device_id bigint NOT NULL,
    payload text NOT NULL,
    created_at timestamptz NOT NULL
);
