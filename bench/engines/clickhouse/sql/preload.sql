-- Rows that are there before: their stamps are negative, so that no writer's row is mistaken for one of them.
INSERT INTO {schema}.events (device_id, payload)
SELECT
    -1 - toInt64(number),
    substring(
        arrayStringConcat(arrayMap(i -> lower(hex(MD5(toString(number)))), range(intDiv({payload_bytes}, 32) + 1))),
        1, {payload_bytes}
    )
FROM numbers({rows})
