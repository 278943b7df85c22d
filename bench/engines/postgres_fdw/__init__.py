"""Rows over several PostgreSQL by postgres_fdw: a partitioned table whose partitions lie on servers of their own."""
