-- Rows that are there before: their stamps are negative, so that no writer's row is mistaken for one of them. They came
-- evenly over the last hours, but for the last minute: by time, each partition of the past has as many.
INSERT INTO {schema}.events (device_id, payload, created_at)
SELECT
    -n, left(repeat(md5(n::text), %(payload_bytes)s / 32 + 1), %(payload_bytes)s),
    now() - interval '1 minute' - (interval '1 hour' * %(hours)s - interval '1 minute') * (1 - n::float8 / %(rows)s)
FROM generate_series(1, %(rows)s) AS n;
