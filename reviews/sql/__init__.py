"""All SQL there is, by what it is about. Each function works within a transaction that its caller opened."""
