"""The tables of the audit log; the migrations in ``state/versions`` build them, with triggers that refuse changes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from mailwake.store.state.schema import metadata

#: one row per act; added, never changed
lines = Table(
    "audit_lines",
    metadata,
    #: from 1, without gaps
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False, index=True),
    #: user, key, command line, system or unnamed
    Column("actor_kind", String(16), nullable=False),
    Column("actor", Text, nullable=False),
    Column("on_behalf", Text),
    Column("action", String(48), nullable=False),
    Column("object_kind", String(24), nullable=False),
    #: a name, a number or a handle; never an address
    Column("object", Text, nullable=False),
    #: ok, denied or failed
    Column("outcome", String(8), nullable=False),
    #: policy fields as JSON text, for the hash is over these bytes
    Column("before", Text),
    Column("after", Text),
    Column("request", String(36)),
    #: SHA-256 of the line before, and of this one, in hexadecimal digits
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Index("ix_audit_lines_action", "action", "number"),
    Index("ix_audit_lines_actor", "actor", "number"),
    Index("ix_audit_lines_object", "object_kind", "object", "number"),
)

#: up to where lines were let go of after their time; the chain begins anew after the last of them
cuts = Table(
    "audit_cuts",
    metadata,
    #: of the last line that is gone
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("signature", Text, nullable=False),
)
