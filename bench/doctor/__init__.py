"""What would stop a run on a box, and what would spoil it: collected over SSH, judged, shown. Changes nothing."""
