"""Published tuning formulas as pure functions of hardware, and the rendering of variants."""
