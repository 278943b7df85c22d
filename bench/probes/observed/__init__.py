"""The probes that each trial is observed with, one file a probe: what each is stands in ``bench.probes.probe``."""
