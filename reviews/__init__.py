"""Decisions become cases, cases become verdicts, verdicts become labels."""

from __future__ import annotations

from typing import Final

__all__ = ["DEFAULT_DATABASE"]

DEFAULT_DATABASE: Final = "sqlite:///rapport.db"
"""Where predictions are kept unless somebody says otherwise."""
