-- Bytes of the table and of its indexes, partitions included; no size is asked of a partitioned parent.
SELECT coalesce(sum(pg_table_size(relid)), 0), coalesce(sum(pg_indexes_size(relid)), 0)
FROM pg_partition_tree('events')
WHERE isleaf;
