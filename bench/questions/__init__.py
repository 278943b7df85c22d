"""The questions people ask: what each measures, and what its results answer."""
