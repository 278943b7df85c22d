"""The JSON Schemas as they were published."""

import json
from typing import Any

from bench.schemas import DIRECTORY, file_name


def published(kind: type) -> dict[str, Any]:
    """Return the published schema of a format, for validating."""
    return json.loads((DIRECTORY / file_name(kind)).read_text())
