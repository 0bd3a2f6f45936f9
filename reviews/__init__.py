"""Decisions become cases, cases become verdicts, verdicts become labels."""
