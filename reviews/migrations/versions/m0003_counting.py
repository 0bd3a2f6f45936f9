"""0003: indexes in the order in which the overview counts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Put new indexes in the place of old ones."""
    _replace("cases", "ix_cases_state_why", "ix_cases_state_why_opened_at", ["state", "why", "opened_at"])
    _replace("answers", "ix_answers_stage_at_reviewer", "ix_answers_stage_reviewer_at", ["stage", "reviewer", "at"])
    paired = ["at", "other", "reviewer", "other_said", "relationship", "case_id"]
    _replace("answers", "ix_answers_pairs", "ix_answers_pairs", paired, "other IS NOT NULL")
    _make("answers", "ix_answers_withdrawn", ["at", "case_id"], "stage = 'withdrawn'")
    told = ["relationship", "machine", "model_says", "rules_say", "reason"]
    _replace("verdicts", "ix_verdicts_read", "ix_verdicts_read", [*told, "ended_why", "at"])


def _replace(table: str, old: str, name: str, columns: list[str], where: str | None = None) -> None:
    op.drop_index(old, table)
    _make(table, name, columns, where)


def _make(table: str, name: str, columns: list[str], where: str | None = None) -> None:
    only = None if where is None else sa.text(where)
    op.create_index(name, table, columns, sqlite_where=only, postgresql_where=only)
