"""What the README says of the machine one sits at."""

import subprocess

from tests.integration.support import BRIEF, PGLADDER
from tests.readme import CHECKOUT, readme


def test_the_readme_measures_this_machine_and_writes_a_page(place):
    subprocess.run(readme("make setup"), cwd=CHECKOUT, check=True, capture_output=True)
    subprocess.run(readme("make postgresql"), cwd=CHECKOUT, check=True, capture_output=True)
    program = {".venv/bin/pgladder": str(PGLADDER)}
    run = [*readme(".venv/bin/pgladder run", program), *BRIEF, "--phases", "1-B 2-C", "--blocks", "1"]
    run += ["--data-dir", str(place / "data")]
    subprocess.run(run, cwd=place, check=False, capture_output=True)
    [results] = (place / "results").iterdir()
    assert "phase" in subprocess.run([PGLADDER, "ladder", results], capture_output=True, text=True, check=False).stdout
    report = readme(".venv/bin/pgladder report results/RUN", program | {"RUN": results.name})
    done = subprocess.run(report, cwd=place, check=False, capture_output=True, text=True)
    assert f"results/{results.name}/report.html" in done.stdout
    assert (results / "report.html").stat().st_size > 100_000
