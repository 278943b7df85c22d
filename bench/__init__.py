"""pgladder: how many rows a second can this box take into PostgreSQL, and what stands in the way?"""

from importlib.metadata import version

__version__ = version("pgladder")
