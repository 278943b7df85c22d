"""How rows are written: the ladder, one file a phase, and the client processes that climb it."""
