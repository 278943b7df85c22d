-- Bytes of the table and of its indexes, partitions included; a partitioned parent itself has no storage.
SELECT coalesce(sum(pg_table_size(oid)), 0), coalesce(sum(pg_indexes_size(oid)), 0)
FROM pg_class
WHERE relkind = 'r' AND (oid = 'events'::regclass OR oid IN (SELECT relid FROM pg_partition_tree('events')));
