"""The tables of subject rights; the migrations in ``state/versions`` build them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Integer, String, Table, Text

from mailwake.store.state.schema import metadata

_ID = BigInteger().with_variant(Integer, "sqlite")

#: who was erased: never the address, only what tells it again when somebody brings it
erasures = Table(
    "erasures",
    metadata,
    Column("id", _ID, primary_key=True),
    #: keyed hash of the address, see `digests`; empty: it was not known any more
    Column("digest", String(64), nullable=False, index=True),
    Column("handle", BigInteger, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    #: what they had asked for and is to hold for the address should it come back
    Column("kept", JSON, nullable=False),
    #: what is still to be done in the org: ids of records alone; null: nothing
    Column("org", JSON),
    Column("certificate", JSON, nullable=False),
    #: null: something is still to be done
    Column("finished_at", BigInteger),
)

#: what is asked of the process that owns the event store's file, and what it answered
errands = Table(
    "errands",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("asked", JSON, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("done_at", BigInteger, index=True),
    Column("problem", Text),
)
