-- What we may do on somebody's server, and what would keep us waiting there.
SELECT
    pg_is_in_recovery() AS standby,
    current_setting('transaction_read_only')::bool AS read_only,
    has_database_privilege(current_database(), 'CREATE') AS may_create,
    current_setting('synchronous_standby_names') AS synchronous_standby_names,
    current_setting('synchronous_commit') IN ('on', 'remote_write', 'remote_apply') AS waits_for_standbys,
    -- an ordinary user sees that there is a standby, not whether it is a synchronous one
    (SELECT count(*) FROM pg_stat_replication WHERE coalesce(sync_state, 'sync') IN ('sync', 'quorum')) AS standbys,
    current_setting('is_superuser')::bool
    OR EXISTS (SELECT FROM pg_roles WHERE rolname = 'pg_checkpoint' AND pg_has_role(oid, 'USAGE')) AS may_checkpoint,
    pg_has_role('pg_monitor', 'USAGE') AS may_look;
