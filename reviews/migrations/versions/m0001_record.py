"""0001: predictions and all that keeping them needs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

__all__ = ["down_revision", "revision", "upgrade"]

revision = "0001"
down_revision: str | None = None


def upgrade() -> None:
    """Make the tables."""
    _keep_predictions()
    _answer_again_and_forget()
    _know_keys_and_books()
    op.execute("INSERT INTO journal (id, change_seq) VALUES (1, 0)")


def _keep_predictions() -> None:
    op.create_table(
        "predictions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("as_of", sa.BigInteger(), nullable=False),
        sa.Column("catalogue", sa.String(length=12), nullable=False),
        sa.Column("signals", sa.LargeBinary(), nullable=False),
        sa.Column("relationship", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("probability_client", sa.Double(), nullable=False),
        sa.Column("hybrid", sa.Boolean(), nullable=False),
        sa.Column("engagement_model", sa.Text(), nullable=True),
        sa.Column("strategic_services", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("review_reasons", sa.Text(), nullable=False, comment="Codes with a space between them."),
        sa.Column("model", sa.Text(), nullable=True),
        sa.Column("rules", sa.String(length=12), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("inclusion", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_predictions")),
        comment="Each recorded prediction; see reviews.record.Record.",
    )
    op.create_index(op.f("ix_predictions_account_id_id"), "predictions", ["account_id", "id"], unique=False)
    op.create_table(
        "evidence",
        sa.Column("prediction_id", sa.Uuid(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("prediction_id", name=op.f("pk_evidence")),
        comment="What a reviewer has to see, apart, so that rows of predictions stay small.",
    )
    op.create_table(
        "standing",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("change_seq", sa.BigInteger(), nullable=False),
        sa.Column("prediction_id", sa.Uuid(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("relationship", sa.Text(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("hybrid", sa.Boolean(), nullable=False),
        sa.Column("engagement_model", sa.Text(), nullable=True),
        sa.Column("strategic_services", sa.Boolean(), nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_standing")),
        sa.UniqueConstraint("change_seq", name=op.f("uq_standing_change_seq")),
        comment="What holds of each account: its latest prediction, and when that last differed from the one before.",
    )
    op.create_table(
        "journal",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "change_seq", sa.BigInteger(), nullable=False, comment="The last that was given out; none is given twice."
        ),
        sa.Column("erased_at", sa.BigInteger(), nullable=True, comment="When the last account was erased."),
        sa.Column(
            "farewell_seq",
            sa.BigInteger(),
            server_default="0",
            nullable=False,
            comment="The last farewell that is told no more.",
        ),
        sa.CheckConstraint("id = 1", name=op.f("ck_journal_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        comment="One row. Whoever writes updates it first, so writers take turns and changes are seen in their order.",
    )


def _answer_again_and_forget() -> None:
    op.create_table(
        "repeats",
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key_id", "key", name=op.f("pk_repeats")),
        comment="First answers, by Idempotency-Key.",
    )
    op.create_index(op.f("ix_repeats_at"), "repeats", ["at"], unique=False)
    op.create_table(
        "tombstones",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.LargeBinary(), nullable=False, comment="Keyed digest of the account's id."),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("key_id", sa.Text(), nullable=True),
        sa.Column("found", sa.Boolean(), nullable=False, comment="Whether anything was known of the account."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstones")),
        comment="What stays of an erased account.",
    )
    op.create_index(op.f("ix_tombstones_account"), "tombstones", ["account"], unique=False)
    op.create_table(
        "erased_predictions",
        sa.Column("prediction_id", sa.Uuid(), nullable=False),
        sa.Column("tombstone_id", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("prediction_id", name=op.f("pk_erased_predictions")),
        comment="So that asking for an erased prediction is told that it was erased.",
    )
    op.create_table(
        "farewells",
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("change_seq", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_farewells")),
        sa.UniqueConstraint("change_seq", name=op.f("uq_farewells_change_seq")),
        comment="Erased accounts by name, for so long as whoever follows the changes has to be told.",
    )
    op.create_index(op.f("ix_farewells_erased_at"), "farewells", ["erased_at"], unique=False)


def _know_keys_and_books() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False, comment="SHA-256 of the key's secret half."),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        comment="Who may ask for what.",
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
        comment="Keys of this database, such as that of the audit sample.",
    )
    op.create_table(
        "rule_books",
        sa.Column("digest", sa.String(length=12), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_rule_books")),
        comment="Each rule book that decided, so that old decisions stay explicable.",
    )
    op.create_table(
        "catalogues",
        sa.Column("digest", sa.String(length=12), nullable=False),
        sa.Column("names", sa.Text(), nullable=False, comment="A line a signal."),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_catalogues")),
        comment="Each order of signals that was kept.",
    )
