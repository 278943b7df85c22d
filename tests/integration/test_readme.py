"""What the README says of the machine one sits at."""

import shlex
import subprocess

from tests.integration.support import BRIEF, PGLADDER
from tests.readme import CHECKOUT, readme


def test_the_readme_measures_this_machine_and_writes_a_page(place):
    subprocess.run(readme("make setup"), cwd=CHECKOUT, check=True, capture_output=True)
    subprocess.run(readme("make postgresql"), cwd=CHECKOUT, check=True, capture_output=True)
    activated = shlex.join(readme(". .venv/bin/activate"))

    def typed(*words):
        """Run a command as in a shell where that was typed in the checkout; its results lie elsewhere."""
        shell = f'cd "$1" && {activated} && cd "$2" && shift 2 && exec "$@"'
        command = ["bash", "-c", shell, "bash", str(CHECKOUT), str(place), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    found = typed("bash", "-c", "type -P pgladder fab").stdout.split()
    assert found == [str(PGLADDER), str(PGLADDER.with_name("fab"))]
    run = [*readme("pgladder run"), *BRIEF, "--phases", "1-B 2-C", "--blocks", "1", "--data-dir", str(place / "data")]
    ended = typed(*run)
    [results] = (place / "results").iterdir()
    assert f"Results: results/{results.name}/" in ended.stdout
    assert "phase" in typed("pgladder", "ladder", str(results)).stdout
    done = typed(*readme("pgladder report results/RUN", {"RUN": results.name}))
    assert f"results/{results.name}/report.html" in done.stdout
    assert (results / "report.html").stat().st_size > 100_000
