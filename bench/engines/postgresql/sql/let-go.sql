-- End what sessions of ours still hold of the table: one whose commit waits for a standby does not notice that its client
-- is gone.
SELECT pg_terminate_backend(pid)
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE relation = to_regclass('{schema}.events') AND datname = current_database()
    AND usename = current_user AND application_name = 'pgladder' AND pid <> pg_backend_pid();
