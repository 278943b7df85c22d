"""One question put to one or many boxes: a plan for each, launched, followed, pulled, shown side by side.

Joins ``plan`` and ``variants``, ``remote``, and what shows results; measures nothing.
"""
