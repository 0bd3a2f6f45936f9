"""Keeping what was decided, also while the database cannot."""
