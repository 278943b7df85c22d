"""A run's files on disk, their transfer, and files that are written whole or not at all."""
