"""Power that is cut: a file system that forgets what was not flushed, a client outside of the blast, and a judge.

Only ever with a private server of our own (``bench.engines.postgresql.private``). Who asks for cuts, and keeps what
came of them, is ``bench.targets.cuts``; what they mean ``bench.analysis.durability``.
"""
