"""The constraints, one file each: what one is stands in ``bench.constraints.constraint``."""
