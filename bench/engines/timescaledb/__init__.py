"""TimescaleDB: the plan's own PostgreSQL with the extension preloaded, in a database of its own."""
