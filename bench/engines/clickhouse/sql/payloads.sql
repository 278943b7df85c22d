-- A writer's payloads by their places in its ring: what each place holds, and in how many rows.
SELECT (device_id - {first}) % {ring} AS place, hex(MD5(payload)) AS hash, count()
FROM {schema}.events
WHERE device_id >= {first} AND device_id < {end}
GROUP BY place, hash
