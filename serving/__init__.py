"""Floor 3: decisions over HTTP."""
