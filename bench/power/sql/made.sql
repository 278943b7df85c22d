-- Beside the table of the layout: pages that are there before, and change with each row.
CREATE EXTENSION amcheck;
CREATE TABLE {schema}.pages (
    id bigint PRIMARY KEY,
    stamp bigint NOT NULL,  -- of the last row that was written with it
    filler text NOT NULL
) WITH (fillfactor = 50, autovacuum_enabled = off);
INSERT INTO {schema}.pages
SELECT id, 0, repeat('-', 900) FROM generate_series(0, %(pages)s - 1) AS id;
