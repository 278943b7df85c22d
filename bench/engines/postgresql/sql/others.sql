-- The sessions of others: not ours, and not the server's own processes, which have no user or no database. Who copies
-- the server or its WAL has no database either.
SELECT pid
FROM pg_stat_activity
WHERE backend_type = 'walsender' OR datid IS NOT NULL AND usesysid IS NOT NULL
    AND NOT (usename = current_user AND datname = current_database() AND application_name = 'pgladder');
