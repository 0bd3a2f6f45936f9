"""What a training found, for people."""
