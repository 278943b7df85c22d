-- What arrived, by writer: how many rows, how many different ones, the ends of their stamps.
SELECT device_id >> %(sequence_bits)s AS writer, count(*), count(DISTINCT device_id), min(device_id), max(device_id)
FROM {schema}.events
WHERE device_id >= 0
GROUP BY 1;
