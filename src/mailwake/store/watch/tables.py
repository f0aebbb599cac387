"""The tables of links after delivery; the migrations in ``state/versions`` build them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text

from mailwake.store.state.schema import metadata

_ID = BigInteger().with_variant(Integer, "sqlite")

#: lines are added, and the last one of a link holds
decisions = Table(
    "link_decisions",
    metadata,
    Column("id", _ID, primary_key=True),
    #: 0 with number 0: wherever the href stands
    Column("template", BigInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("href", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("to", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("seal", String(64), nullable=False),
)

#: one row per target that was ever visited
targets = Table(
    "link_targets",
    metadata,
    Column("href", Text, primary_key=True),
    Column("visited_at", BigInteger, nullable=False),
    Column("health", String(16), nullable=False),
    Column("said", String(64), nullable=False),
    #: null: it never was
    Column("well_at", BigInteger),
    #: null: it is not failing
    Column("failing_since", BigInteger),
    Column("failures", Integer, nullable=False),
)

alarms = Table(
    "link_alarms",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("href", Text, nullable=False, index=True),
    Column("said", String(64), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    #: null: it is still open
    Column("closed_at", BigInteger),
)
