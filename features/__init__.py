"""Floor 0: an account's events become its signals."""
