"""What is installed on a box is whole."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).parents[2]


def test_the_wheel_has_the_templates_the_schemas_and_the_sql(tmp_path):
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    [wheel] = tmp_path.glob("*.whl")
    packed = set(ZipFile(wheel).namelist())
    kinds = {".py", ".sql", ".json", ".tsv"}
    bench = {str(path.relative_to(ROOT)) for path in (ROOT / "bench").rglob("*") if path.suffix in kinds}
    templates = {f"bench/{path.relative_to(ROOT)}" for path in (ROOT / "templates").rglob("*.j2")}
    assert packed >= bench | templates
    assert "bench/schemas/HISTORY.md" in packed
