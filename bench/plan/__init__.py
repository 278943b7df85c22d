"""From a request to a plan. Pure: nothing is run or read here."""
