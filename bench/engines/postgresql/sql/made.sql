-- The table as it is, a line for each thing that decides what a row costs or what a crash leaves of it.
SET LOCAL quote_all_identifiers = off;  -- a role's or a server's quotes make no other table
WITH tables AS (
    SELECT c.* FROM pg_catalog.pg_class AS c
    WHERE c.oid = pg_catalog.to_regclass('{schema}.events')
        OR c.oid IN (
            SELECT inhrelid FROM pg_catalog.pg_inherits WHERE inhparent = pg_catalog.to_regclass('{schema}.events')
        )
), asked AS (
    SELECT coalesce((SELECT oid FROM pg_catalog.pg_tablespace WHERE spcname = current_setting('default_tablespace')), 0)
        AS tablespace, current_setting('default_table_access_method') AS method
), found (relation, what) AS (
    SELECT relname, CASE relpersistence WHEN 'p' THEN 'permanent' WHEN 'u' THEN 'unlogged' ELSE 'temporary' END
        || CASE relkind WHEN 'r' THEN ' table' WHEN 'p' THEN ' partitioned table'
            WHEN 'f' THEN ' foreign table' ELSE ' ' || relkind::text END
    FROM tables
    UNION ALL
    SELECT t.relname, concat_ws(' ', 'column', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attnotnull THEN 'NOT NULL' END, CASE a.attidentity WHEN 'a' THEN 'GENERATED ALWAYS AS IDENTITY' END,
        'DEFAULT ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid))
    FROM tables AS t JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE NOT t.relispartition  -- partitions have the same columns
    UNION ALL
    SELECT t.relname, concat_ws(' ', 'column', a.attname,
        CASE WHEN a.attstorage <> y.typstorage THEN 'STORAGE ' || CASE a.attstorage
            WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END END,
        'COMPRESSION ' || CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4'
            ELSE nullif(a.attcompression::text, '') END)
    FROM tables AS t JOIN pg_catalog.pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        JOIN pg_catalog.pg_type AS y ON y.oid = a.atttypid
    WHERE a.attstorage <> y.typstorage OR a.attcompression <> ''  -- of partitions too: theirs may be others
    UNION ALL
    SELECT t.relname, 'identity CACHE ' || s.seqcache || ' INCREMENT ' || s.seqincrement
    FROM tables AS t JOIN pg_catalog.pg_depend AS d ON d.refclassid = 'pg_catalog.pg_class'::regclass
            AND d.refobjid = t.oid AND d.classid = d.refclassid AND d.deptype = 'i'
        JOIN pg_catalog.pg_sequence AS s ON s.seqrelid = d.objid
    WHERE s.seqcache <> 1 OR s.seqincrement <> 1
    UNION ALL
    SELECT relname, pg_catalog.pg_get_constraintdef(k.oid)
    FROM tables AS t JOIN pg_catalog.pg_constraint AS k ON k.conrelid = t.oid AND k.contype IN ('p', 'u', 'c', 'f', 'x')
    UNION ALL
    SELECT t.relname, 'index ' || c.relname
    FROM tables AS t JOIN pg_catalog.pg_index AS i ON i.indrelid = t.oid
        JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
    WHERE NOT (i.indisvalid AND i.indisprimary)
    UNION ALL
    SELECT relname, 'trigger ' || tgname
    FROM tables AS t JOIN pg_catalog.pg_trigger AS g ON g.tgrelid = t.oid AND NOT g.tgisinternal
    UNION ALL
    SELECT relname, 'rule ' || rulename FROM tables AS t JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = t.oid
    UNION ALL
    SELECT relname, 'REPLICA IDENTITY '
        || CASE relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' ELSE 'INDEX' END
    FROM tables WHERE relreplident <> 'd' AND relkind <> 'f'  -- a foreign table never has any
    UNION ALL
    SELECT relname, 'statistics ' || stxname
    FROM tables AS t JOIN pg_catalog.pg_statistic_ext AS x ON x.stxrelid = t.oid
    UNION ALL
    SELECT relname, 'publication ' || pubname  -- one FOR ALL TABLES is the server's configuration
    FROM tables AS t JOIN pg_catalog.pg_publication_rel AS r ON r.prrelid = t.oid
        JOIN pg_catalog.pg_publication AS p ON p.oid = r.prpubid
    UNION ALL
    SELECT relname, 'row security' FROM tables WHERE relrowsecurity
    UNION ALL
    SELECT relname, 'WITH (' || pg_catalog.array_to_string(reloptions, ', ') || ')' FROM tables WHERE reloptions <> '{}'
    UNION ALL
    SELECT relname, 'access method ' || amname
    FROM tables AS t JOIN pg_catalog.pg_am AS m ON m.oid = t.relam, asked
    WHERE m.amname <> asked.method
    UNION ALL
    SELECT t.relname, 'on server ' || s.srvname || ' WITH (' || pg_catalog.array_to_string(f.ftoptions, ', ') || ')'
    FROM tables AS t JOIN pg_catalog.pg_foreign_table AS f ON f.ftrelid = t.oid
        JOIN pg_catalog.pg_foreign_server AS s ON s.oid = f.ftserver
    UNION ALL
    SELECT c.relname, 'tablespace ' || coalesce(s.spcname, 'of the database')
    FROM pg_catalog.pg_class AS c LEFT JOIN pg_catalog.pg_tablespace AS s ON s.oid = c.reltablespace, asked
    WHERE (c.oid IN (SELECT oid FROM tables)
        OR c.oid IN (SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid IN (SELECT oid FROM tables)))
        AND c.reltablespace <> asked.tablespace AND c.reltablespace <> 0
)
SELECT relation || ': ' || what FROM found ORDER BY 1;
