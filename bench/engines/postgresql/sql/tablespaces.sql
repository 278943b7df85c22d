-- Where the table and its indexes lie, other than in the data directory.
WITH tables AS (
    SELECT pg_catalog.to_regclass('{schema}.events')::oid AS oid
    UNION ALL SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = pg_catalog.to_regclass('{schema}.events')
)
SELECT DISTINCT pg_catalog.pg_tablespace_location(coalesce(nullif(c.reltablespace, 0), d.dattablespace))
FROM pg_catalog.pg_class AS c, pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database() AND (c.oid IN (SELECT oid FROM tables)
    OR c.oid IN (SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid IN (SELECT oid FROM tables)))
ORDER BY 1;
