"""Citus: the plan's own PostgreSQL as coordinator, with the extension preloaded, and private servers as its workers."""
