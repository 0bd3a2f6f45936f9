"""The way from the tables of any earlier Rapport to those of this one, which Alembic walks."""
