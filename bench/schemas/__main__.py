"""Write the schemas: ``python -m bench.schemas``."""

from bench.schemas import DIRECTORY, FORMATS, file_name, text

for kind in FORMATS:
    (DIRECTORY / file_name(kind)).write_text(text(kind))
