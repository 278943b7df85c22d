"""pgladder: how many rows a second can this box take into PostgreSQL, and what stands in the way?"""


def __getattr__(name: str) -> str:
    """Look up ``__version__`` when it is asked for: what tells it is slow to load (PEP 562)."""
    if name != "__version__":
        raise AttributeError(f"module 'bench' has no attribute {name!r}")
    from importlib.metadata import version

    return version("pgladder")
