"""Statistics of trials, pure and light: used on the box and on the control machine.

Owns what a set of numbers allows to be said; where the numbers come from is ``bench.agent``'s business, what they mean
for a phase ``bench.analysis``'s.
"""
