"""The tables of consent; the migrations in ``state/versions`` build them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from mailwake.store.state.schema import metadata

#: everything that anybody ever said about being watched; lines are added, each sealed with the hash of the one before
ledger = Table(
    "consent_ledger",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("handle", BigInteger, nullable=False, index=True),
    Column("axis", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    #: when it was said
    Column("at", BigInteger, nullable=False),
    #: when it was written down
    Column("noted_at", BigInteger, nullable=False),
    Column("source", String(64), nullable=False),
    Column("method", String(16), nullable=False),
    #: of `consent_texts`
    Column("text", BigInteger),
    Column("text_sha256", String(64), nullable=False),
    Column("locale", String(35), nullable=False),
    Column("actor", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("proof", Text, nullable=False),
    #: hex; of the line before
    Column("previous", String(64), nullable=False),
    #: hex; of `previous` and this line
    Column("hash", String(64), nullable=False),
)

#: what holds: of each recipient and axis the newest line
consent = Table(
    "consent",
    metadata,
    Column("handle", BigInteger, primary_key=True, autoincrement=False),
    Column("axis", String(8), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_consent_state", "state", "handle"),
)

#: the words that people agreed to
texts = Table(
    "consent_texts",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    #: language, such as fr or pt-BR
    Column("locale", String(35), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("text", Text, nullable=False),
    #: shown from then on
    Column("since", BigInteger, nullable=False),
    UniqueConstraint("locale", "sha256", name="uq_consent_texts_locale"),
)

#: when somebody was last asked for consent, whatever became of it; an answer is a line of the ledger
requests = Table(
    "consent_requests",
    metadata,
    Column("handle", BigInteger, primary_key=True, autoincrement=False),
    #: when the question was handed over
    Column("at", BigInteger, nullable=False),
)
