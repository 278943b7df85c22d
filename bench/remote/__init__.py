"""Boxes from the control machine, by your own ssh: connect safely, launch, follow, cancel, pull; many at once.

Carries plans and files; what is in them is ``bench.targets``'s to know. Each step may be cut at any point and done
again: what it does on a box is whole or not there, and done twice it is done once.
"""
