-- How many more sessions an ordinary user may open: of the server, the role and the database, each by its own limit.
-- The one that asks is counted among those to come. Everybody sees of a session whose it is and where.
WITH session AS (
    SELECT datid, usesysid FROM pg_stat_activity WHERE datid IS NOT NULL AND usesysid IS NOT NULL AND pid <> pg_backend_pid()
)
SELECT
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0) - (SELECT count(*) FROM session) AS server,
    CASE WHEN rolconnlimit >= 0 AND NOT rolsuper THEN
        rolconnlimit - (SELECT count(*) FROM session WHERE usesysid = role.oid)
    END AS role,
    CASE WHEN datconnlimit >= 0 AND NOT rolsuper THEN
        datconnlimit - (SELECT count(*) FROM session WHERE datid = base.oid)
    END AS database
FROM pg_roles AS role, pg_database AS base
WHERE rolname = current_user AND datname = current_database();
