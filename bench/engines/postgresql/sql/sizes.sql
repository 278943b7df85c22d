-- Bytes of the table and of its indexes, partitions included.
SELECT sum(pg_table_size(oid)), sum(pg_indexes_size(oid))
FROM pg_class
WHERE oid = '{schema}.events'::regclass
    OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = '{schema}.events'::regclass);
