"""How what was answered is kept: the one door from serving to the database."""
