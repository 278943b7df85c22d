"""What may stand in the way of a rung: one file a constraint, what shows it, what takes it away. Pure."""
