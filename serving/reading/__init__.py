"""What was decided before, over HTTP."""
