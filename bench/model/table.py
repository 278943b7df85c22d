"""The table that rows are written to, by its whole name: no search path decides where they go."""

from dataclasses import dataclass
from functools import cached_property


def quoted(name: str) -> str:
    """Return a name as PostgreSQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def qualified(statement: str, schema: str) -> str:
    """Return a statement with the schema's name, quoted, wherever it says ``{schema}``."""
    return statement.replace("{schema}", quoted(schema))


@dataclass(frozen=True, kw_only=True)
class Table:
    """The table in the schema of a run."""

    schema: str
    name: str = "events"

    @cached_property
    def sql(self) -> str:
        """Its whole name in a statement: put together once, not for each commit."""
        return f"{quoted(self.schema)}.{self.name}"
