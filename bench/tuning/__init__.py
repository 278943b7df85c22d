"""Published tuning formulas as pure functions of hardware.

Owns the arithmetic of the tools people copy from, with a derivation for every setting: ``formulas`` is the way in.
Which formula is good is measured elsewhere (``bench.analysis``); applying one is ``bench.engines.postgresql``'s work.
"""
