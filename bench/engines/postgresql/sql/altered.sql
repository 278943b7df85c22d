-- How many rows, by writer, hold another payload than that of their stamp: hashes has those of the first writer's ring,
-- then the second's. Elements of a fixed length are found at once, where a join would sort all rows.
SELECT device_id >> %(sequence_bits)s AS writer, count(*)
FROM {schema}.events
WHERE device_id >= 0 AND device_id < %(end)s
    AND pg_catalog.hashtextextended(payload COLLATE "C", 0) IS DISTINCT FROM (%(hashes)s::bigint[])[
        1 + ((device_id >> %(sequence_bits)s) - 1) * %(ring)s
        + mod(device_id - (device_id >> %(sequence_bits)s << %(sequence_bits)s), %(ring)s)
    ]
GROUP BY 1;
