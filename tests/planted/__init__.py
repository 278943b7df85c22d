"""Limits that are planted, and what ``explain`` makes of them: a catalogue as data, an entry a case."""
