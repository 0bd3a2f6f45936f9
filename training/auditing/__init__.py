"""Labels that the data contradicts, and signals that know the label."""
