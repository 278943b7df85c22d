WITH written AS (
    INSERT INTO {schema}.events (device_id, payload) VALUES ($1, rpad($1::text, 64, '.'))
)
UPDATE {schema}.pages SET stamp = $1 WHERE id = $2
