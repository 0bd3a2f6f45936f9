"""Who may come in, and how much at once."""
