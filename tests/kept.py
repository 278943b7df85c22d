"""The runs kept in docs/results, of the first format: whatever pgladder becomes, it reads them."""

from tests.readme import CHECKOUT

KEPT = CHECKOUT / "docs" / "results"
NAMES = ("formulas", "steps")
