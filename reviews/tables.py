"""What the database holds, table by table. Migrations lead here; a test compares both."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    Uuid,
)

__all__ = [
    "api_keys",
    "catalogues",
    "erased_predictions",
    "evidence",
    "farewells",
    "journal",
    "metadata",
    "predictions",
    "repeats",
    "rule_books",
    "secrets",
    "standing",
    "tombstones",
]

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "pk": "pk_%(table_name)s",
}

metadata: Final = MetaData(naming_convention=_NAMES)

# Times are microseconds since 1970 UTC, as everywhere in Rapport: exact, and the same in both databases.
# There are no foreign keys: what belongs together is written and erased in one transaction, and SQLite would cascade
# whenever a migration has to copy a table.

predictions: Final = Table(
    "predictions",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Column("as_of", BigInteger, nullable=False),
    Column("catalogue", String(12), nullable=False),
    Column("signals", LargeBinary, nullable=False),
    Column("relationship", Text, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("probability_client", Double, nullable=False),
    Column("hybrid", Boolean, nullable=False),
    Column("engagement_model", Text),
    Column("strategic_services", Boolean, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("route", Text, nullable=False),
    Column("review_reasons", Text, nullable=False, comment="Codes with a space between them."),
    Column("model", Text),
    Column("rules", String(12), nullable=False),
    Column("key_id", Text),
    Column("inclusion", Double),
    Index(None, "account_id", "id"),
    comment="Each recorded prediction; see reviews.record.Record.",
)

evidence: Final = Table(
    "evidence",
    metadata,
    Column("prediction_id", Uuid, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    comment="What a reviewer has to see, apart, so that rows of predictions stay small.",
)

standing: Final = Table(
    "standing",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("change_seq", BigInteger, nullable=False, unique=True),
    Column("prediction_id", Uuid, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Column("relationship", Text, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("hybrid", Boolean, nullable=False),
    Column("engagement_model", Text),
    Column("strategic_services", Boolean, nullable=False),
    Column("decided_by", Text, nullable=False),
    Column("route", Text, nullable=False),
    comment="What holds of each account: its latest prediction, and when that last differed from the one before.",
)

journal: Final = Table(
    "journal",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("change_seq", BigInteger, nullable=False, comment="The last that was given out; none is given twice."),
    Column("erased_at", BigInteger, comment="When the last account was erased."),
    Column(
        "farewell_seq",
        BigInteger,
        nullable=False,
        server_default="0",
        comment="The last farewell that is told no more.",
    ),
    CheckConstraint("id = 1", name="one_row"),
    comment="One row. Whoever writes updates it first, so writers take turns and changes are seen in their order.",
)

repeats: Final = Table(
    "repeats",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request", LargeBinary, nullable=False),
    Column("answer", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    comment="First answers, by Idempotency-Key.",
)

tombstones: Final = Table(
    "tombstones",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("account", LargeBinary, nullable=False, index=True, comment="Keyed digest of the account's id."),
    Column("erased_at", BigInteger, nullable=False),
    Column("reason", Text),
    Column("key_id", Text),
    Column("found", Boolean, nullable=False, comment="Whether anything was known of the account."),
    comment="What stays of an erased account.",
)

erased_predictions: Final = Table(
    "erased_predictions",
    metadata,
    Column("prediction_id", Uuid, primary_key=True),
    Column("tombstone_id", Integer, nullable=False),
    comment="So that asking for an erased prediction is told that it was erased.",
)

farewells: Final = Table(
    "farewells",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("change_seq", BigInteger, nullable=False, unique=True),
    Column("erased_at", BigInteger, nullable=False, index=True),
    comment="Erased accounts by name, for so long as whoever follows the changes has to be told.",
)

api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="SHA-256 of the key's secret half."),
    Column("created_at", BigInteger, nullable=False),
    Column("revoked_at", BigInteger),
    Column("last_used_at", BigInteger),
    comment="Who may ask for what.",
)

secrets: Final = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    comment="Keys of this database, such as that of the audit sample.",
)

rule_books: Final = Table(
    "rule_books",
    metadata,
    Column("digest", String(12), primary_key=True),
    Column("text", Text, nullable=False),
    comment="Each rule book that decided, so that old decisions stay explicable.",
)

catalogues: Final = Table(
    "catalogues",
    metadata,
    Column("digest", String(12), primary_key=True),
    Column("names", Text, nullable=False, comment="A line a signal."),
    comment="Each order of signals that was kept.",
)
