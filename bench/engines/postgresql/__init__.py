"""What is done to the database between trials: apply a variant, prove it, reset state. Never measures."""
