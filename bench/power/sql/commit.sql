WITH written AS (
    INSERT INTO {schema}.events (device_id, payload) VALUES ($1::bigint, rpad($1::bigint::text, 64, '.'))
)
UPDATE {schema}.pages SET stamp = $1::bigint WHERE id = $2
