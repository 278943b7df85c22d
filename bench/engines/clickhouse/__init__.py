"""ClickHouse: a private server, or the engine in the client's own process where there is none."""
