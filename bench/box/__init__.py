"""What a box answers to its control machine."""
