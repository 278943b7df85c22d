"""The ladder, one file a rung: what people read first."""
