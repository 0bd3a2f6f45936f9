"""How good a model is on accounts that it never saw, and what may be promised of it."""
