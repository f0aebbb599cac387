"""The tables of rules; the migrations in ``state/versions`` build them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, Text, UniqueConstraint

from mailwake.store.state.schema import metadata

#: what is kept of a rule beside its file
rules = Table(
    "workflow_rules",
    metadata,
    Column("name", String(64), primary_key=True),
    #: hash of what it says
    Column("version", String(16), nullable=False),
    #: nothing that happened before makes it act
    Column("started_at", BigInteger, nullable=False),
    Column("is_on", Boolean, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("why", Text, nullable=False),
)

#: one row per decision
entries = Table(
    "workflow_entries",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("rule", String(64), nullable=False),
    Column("version", String(16), nullable=False),
    Column("event", BigInteger, nullable=False),
    #: whom repeats are counted for
    Column("subject", String(40), nullable=False),
    Column("handle", BigInteger, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("decided_at", BigInteger, nullable=False, index=True),
    #: entered, deferred, refused or reversed
    Column("decision", String(8), nullable=False),
    Column("why", String(32), nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("day", String(10), nullable=False, index=True),
    Column("owner", String(18)),
    #: event whose verdict it rests on
    Column("rests_on", BigInteger),
    Column("facts", JSON, nullable=False),
    Column("actions", JSON, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("next_at", BigInteger, nullable=False),
    UniqueConstraint("rule", "event", name="uq_workflow_entries_rule_event"),
    Index("ix_workflow_entries_subject", "rule", "subject"),
    Index("ix_workflow_entries_open", "is_open", "next_at"),
)
