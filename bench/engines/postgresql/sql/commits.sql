-- How many transactions wrote the writers' rows: each row carries the id of its own.
SELECT count(*) FROM (SELECT xmin FROM {schema}.events WHERE device_id >= 0 GROUP BY xmin) AS transactions;
