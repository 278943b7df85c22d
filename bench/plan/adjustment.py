"""Which covariates comparisons are adjusted for: a rule that no outcome can bend, fixed with the plan.

What they are worth in a comparison is ``bench.analysis.adjusting``'s.
"""

from collections.abc import Sequence

from bench.model.values import Covariate
from bench.plan.contrast import LAYOUT, VARIANT, VERSION

COVARIATES: tuple[Covariate, ...] = ("client-cpu", "metronome", "steal", "others")
"""Of each plan that is made; of those that apply the first are taken."""
OF_SERVER = (VARIANT, LAYOUT, VERSION)
"""Factors of the server's alone."""
FIRST_FREEDOM, EACH_FREEDOM = 4, 20
"""Degrees of freedom of a rung, over all its candidates, from which on one covariate is taken, and for each further."""


def applicable(names: Sequence[Covariate], factor: str) -> list[Covariate]:
    """Return those of a plan's covariates that tell of the machine alone where this factor is compared.

    Where candidates are the server's, the client carries out the same instructions for a row: their CPU time tells how
    fast the processor was, twice as well as a metronome. Else it tells what the candidates are.
    """
    other: Covariate = "metronome" if factor in OF_SERVER else "client-cpu"
    return [name for name in names if name != other]


def bearable(freedom: int) -> int:
    """Return how many covariates so many degrees of freedom bear."""
    if freedom < FIRST_FREEDOM:
        return 0
    return 1 + freedom // EACH_FREEDOM
