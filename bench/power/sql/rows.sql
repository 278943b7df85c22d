-- Read from the table itself: what an index has of it is pg_amcheck's question.
SET enable_indexscan = off; SET enable_indexonlyscan = off; SET enable_bitmapscan = off;
SELECT device_id, count(*), bool_and(payload = rpad(device_id::text, 64, '.')) FROM {schema}.events GROUP BY device_id
