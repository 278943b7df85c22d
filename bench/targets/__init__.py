"""Where a question is measured: here, or on one or many boxes, a plan for each."""
