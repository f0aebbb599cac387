"""The tables of what an org tracked by itself; the migrations in ``state/versions`` build them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text

from mailwake.store.state.schema import metadata

#: one row per recipient of a mail; see `NativeMail`
mails = Table(
    "native_mails",
    metadata,
    Column("record", String(18), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(8), nullable=False),
    #: null: we never mailed this address, which is not kept
    Column("handle", BigInteger, index=True),
    Column("sent_at", BigInteger, nullable=False, index=True),
    Column("delivery", BigInteger),
    #: hash of the subject
    Column("subject", String(16)),
    Column("recipients", Integer, nullable=False),
    #: null in all of these: the org does not say
    Column("is_tracked", Boolean),
    Column("is_opened", Boolean),
    Column("opened_at", BigInteger),
    Column("is_link_tracked", Boolean),
    Column("is_clicked", Boolean),
    Column("is_bounced", Boolean),
    Column("changed_at", BigInteger, nullable=False),
)

#: list emails, with what the org says was sent
lists = Table(
    "native_lists",
    metadata,
    Column("record", String(18), primary_key=True),
    Column("name", Text, nullable=False),
    #: hash of the subject
    Column("subject", String(16)),
    Column("sent_at", BigInteger, nullable=False),
    Column("total_sent", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
)
