"""The tables of withdrawals; the migrations in ``state/versions`` build them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from mailwake.store.state.schema import metadata

_ID = BigInteger().with_variant(Integer, "sqlite")

#: whose data was erased; their mail stays silent for ever, and nothing else is known of them
erased = Table(
    "erased_handles",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("handle", BigInteger, nullable=False, unique=True),
    Column("at", BigInteger, nullable=False),
)

#: the switch of the installation; lines are added, and the last one of an axis holds
stops = Table(
    "recording_stops",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("axis", String(8), nullable=False),
    Column("is_stopped", Boolean, nullable=False),
    Column("only_after", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("by", String(64), nullable=False),
    Column("why", Text, nullable=False),
)
