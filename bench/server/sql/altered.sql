-- How many rows, by writer, hold another payload than the one of their stamp: each payload's hash is known by its place.
SELECT device_id >> %(sequence_bits)s AS writer, count(*)
FROM {schema}.events JOIN unnest(%(writers)s::bigint[], %(places)s::bigint[], %(hashes)s::bigint[])
    AS sent (writer, place, hash)
    ON sent.writer = device_id >> %(sequence_bits)s
    AND sent.place = mod(device_id - (device_id >> %(sequence_bits)s << %(sequence_bits)s), %(ring)s)
WHERE device_id >= 0 AND pg_catalog.hashtextextended(payload COLLATE "C", 0) IS DISTINCT FROM sent.hash
GROUP BY 1;
