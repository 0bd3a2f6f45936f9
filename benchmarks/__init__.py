"""How fast Rapport is, beside what one would use instead: ratios on one machine in one run."""
