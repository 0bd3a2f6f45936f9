"""Which rules are used."""

from __future__ import annotations

from pathlib import Path

from models.rules import RuleBook

__all__ = ["load_rules"]


def load_rules(path: Path | None) -> RuleBook:
    """Return the rules of a file, or those that ship."""
    return RuleBook.default() if path is None else RuleBook.load(path)
