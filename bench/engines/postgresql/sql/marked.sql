-- What the marks of a writer's rows add up to: of all that it wrote, and of those that are there. A mark is a hash of stamp
-- and payload, as in the statement that deletes; rows of commits that were lost are left out of both.
WITH lost AS (SELECT * FROM unnest(%(lost)s::bigint[], %(lost_ends)s::bigint[]) AS each (first, beyond))
SELECT
    (
        SELECT coalesce(sum(pg_catalog.hashint8extended(stamp, (%(hashes)s::bigint[])[1 + mod(stamp - %(first)s, %(ring)s)])), 0)
        FROM generate_series(%(first)s, %(end)s - 1) AS stamp
        WHERE NOT EXISTS (SELECT FROM lost WHERE stamp >= first AND stamp < beyond)
    ),
    (
        SELECT coalesce(sum(pg_catalog.hashint8extended(device_id, pg_catalog.hashtextextended(payload COLLATE "C", 0))), 0)
        FROM {schema}.events
        WHERE device_id >= %(first)s AND device_id < %(end)s
            AND NOT EXISTS (SELECT FROM lost WHERE device_id >= first AND device_id < beyond)
    );
