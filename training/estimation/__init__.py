"""What learns, and the scorecard that is compiled from it."""
