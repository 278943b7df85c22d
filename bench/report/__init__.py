"""How people see results: terminal, JSON. Shows what ``analysis`` found; computes nothing."""
