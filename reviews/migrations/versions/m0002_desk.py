"""0002: cases, answers, verdicts, and the audit sample."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0002"
down_revision: str | None = "0001"


def upgrade() -> None:
    """Make the tables."""
    _open_cases()
    _keep_answers()
    _keep_verdicts()
    _keep_audits()


def _index(name: str, table: str, columns: list[str], where: str | None = None, *, unique: bool = False) -> None:
    only = None if where is None else sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=only, postgresql_where=only)


def _open_cases() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Uuid(), nullable=False, comment="Of the prediction that opened it."),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column(
            "prediction_id", sa.Uuid(), nullable=False, comment="What is shown: the latest that asks for a review."
        ),
        sa.Column("decided_at", sa.BigInteger(), nullable=False, comment="When that was decided."),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False, comment="Of looking, when it was opened or updated."),
        sa.Column("due", sa.BigInteger(), nullable=False, comment="The first due is the next; see reviews.value."),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("wanted", sa.SmallInteger(), nullable=False, comment="How many reviewers have to answer."),
        sa.Column("holder", sa.Text(), nullable=True, comment="Who has claimed it last, until:"),
        sa.Column("held_until", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        comment="Accounts that somebody has to look at, or had to.",
    )
    _index("ix_cases_account_id", "cases", ["account_id"])
    _index("ix_cases_state_opened_at_id", "cases", ["state", "opened_at", "id"])
    _index("ix_cases_state_why", "cases", ["state", "why"])
    _index("ix_cases_state_wanted", "cases", ["state", "wanted"])
    _index("ix_cases_closed_at", "cases", ["closed_at"])
    _index("ix_cases_unsettled", "cases", ["account_id"], "state <> 'closed'", unique=True)
    _index("ix_cases_queue", "cases", ["due", "id", "opened_at", "why", "wanted"], "state = 'open'")
    _index("ix_cases_held", "cases", ["holder"], "state = 'open' AND holder IS NOT NULL")


def _keep_answers() -> None:
    op.create_table(
        "answers",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("relationship", sa.Text(), nullable=True),
        sa.Column("hybrid", sa.Boolean(), nullable=True),
        sa.Column("engagement_model", sa.Text(), nullable=True),
        sa.Column("strategic_services", sa.Boolean(), nullable=True),
        sa.Column("sureness", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("checklist", sa.Text(), nullable=True, comment="JSON: ticks by question."),
        sa.Column("prediction_id", sa.Uuid(), nullable=False, comment="What was shown."),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("rules", sa.String(length=12), nullable=False),
        sa.Column("machine", sa.Text(), nullable=False, comment="What the prediction said that was shown."),
        sa.Column("model_says", sa.Text(), nullable=True),
        sa.Column("rules_say", sa.Text(), nullable=True),
        sa.Column(
            "reasons",
            sa.Text(),
            nullable=False,
            comment="Names of what spoke the loudest, one a line.",
        ),
        sa.Column(
            "other", sa.Text(), nullable=True, comment="Who gave a blind answer before, where this one is blind too."
        ),
        sa.Column("other_said", sa.Text(), nullable=True, comment="And what that was, for how far the two agree."),
        sa.Column(
            "was",
            sa.Text(),
            nullable=True,
            comment="What this reviewer said before the reveal, where they say something else after it.",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        comment="Everything that reviewers ever said, also what they took back.",
    )
    for columns in (["case_id"], ["account_id"], ["reviewer", "id"], ["stage", "at", "reviewer"]):
        _index(f"ix_answers_{'_'.join(columns)}", "answers", columns)
    _index("ix_answers_pairs", "answers", ["at"], "other IS NOT NULL")
    _index("ix_answers_turned", "answers", ["at"], "was IS NOT NULL")
    op.create_table(
        "readings",
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column(
            "answer_id", sa.BigInteger(), nullable=True, comment="What they say now; none where they skipped the case."
        ),
        sa.PrimaryKeyConstraint("case_id", "reviewer", name=op.f("pk_readings")),
        comment="What each reviewer last did with a case.",
    )


def _keep_verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("answer_id", sa.BigInteger(), nullable=False),
        sa.Column("relationship", sa.Text(), nullable=False),
        sa.Column("hybrid", sa.Boolean(), nullable=False),
        sa.Column("engagement_model", sa.Text(), nullable=True),
        sa.Column("strategic_services", sa.Boolean(), nullable=True),
        sa.Column("reviewer", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("prediction_id", sa.Uuid(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False, comment="What was known before it, the reviewer saw."),
        sa.Column("catalogue", sa.String(length=12), nullable=False),
        sa.Column("signals", sa.LargeBinary(), nullable=False, comment="What the reviewer saw."),
        sa.Column("inclusion", sa.Double(), nullable=True),
        sa.Column("machine", sa.Text(), nullable=False, comment="As in the answer."),
        sa.Column("model_says", sa.Text(), nullable=True),
        sa.Column("rules_say", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True, comment="The first of the answer's reasons."),
        sa.Column("change_seq", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
        sa.UniqueConstraint("change_seq", name=op.f("uq_verdicts_change_seq")),
        comment="What reviewers settled on; at most one an account stands, the others say why they no longer do.",
    )
    for column in ("account_id", "case_id"):
        _index(f"ix_verdicts_{column}", "verdicts", [column])
    _index("ix_verdicts_standing", "verdicts", ["account_id"], "ended_at IS NULL", unique=True)
    _index("ix_verdicts_until", "verdicts", ["until"], "ended_at IS NULL")
    told = ["relationship", "machine", "model_says", "rules_say", "reason"]
    _index("ix_verdicts_read", "verdicts", ["at", "ended_why", *told])


def _keep_audits() -> None:
    op.create_table(
        "audits",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False, comment="Such as 2026-07."),
        sa.Column("prediction_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("inclusion", sa.Double(), nullable=False),
        sa.Column("relationship", sa.Text(), nullable=False, comment="What was decided automatically."),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("case_id", sa.Uuid(), nullable=False),
        sa.Column("said", sa.Text(), nullable=True, comment="What reviewers settled on since."),
        sa.Column("pending", sa.Boolean(), nullable=False, comment="Somebody has answered, and it is not settled."),
        sa.Column(
            "changed_at", sa.BigInteger(), nullable=False, comment="When it was drawn, or its case was answered last."
        ),
        sa.PrimaryKeyConstraint("account_id", "month", name=op.f("pk_audits")),
        comment="The audit sample: an account is drawn once a month, at its first automatic answer.",
    )
    _index("ix_audits_case_id", "audits", ["case_id"])
    _index("ix_audits_changed_at_month", "audits", ["changed_at", "month"])
    _index("ix_audits_read", "audits", ["month", "inclusion", "relationship", "said", "pending"])
