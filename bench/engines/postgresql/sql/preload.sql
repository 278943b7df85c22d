-- Rows that are there before: their stamps are negative, so that no writer's row is mistaken for one of them.
INSERT INTO {schema}.events (device_id, payload)
SELECT -n, left(repeat(md5(n::text), %(payload_bytes)s / 32 + 1), %(payload_bytes)s)
FROM generate_series(1, %(rows)s) AS n;
