-- What arrived, by writer: how many rows, how many different ones, the ends of their stamps.
SELECT bitShiftRight(device_id, {sequence_bits}) AS writer, count(), uniqExact(device_id), min(device_id), max(device_id)
FROM {schema}.events
WHERE device_id >= 0
GROUP BY writer
