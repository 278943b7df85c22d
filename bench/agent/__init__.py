"""One plan, run on one box: the life of a trial, the journal, resuming. Knows nothing of other boxes."""
