"""The tables that stand between this installation and an org; the migrations in ``state/versions`` build them."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Index, Integer, String, Table, Text, false

from mailwake.store.state.schema import metadata

_SF_ID = String(18)

#: Contacts, Leads and person accounts as the org last told them
people = Table(
    "crm_people",
    metadata,
    Column("id", _SF_ID, primary_key=True),
    #: Contact, Lead or Account
    Column("kind", String(16), nullable=False),
    #: as in `recipients`; null: no address, or none that is one
    Column("address_key", Text, index=True),
    Column("name", Text, nullable=False),
    Column("owner", _SF_ID),
    Column("account", _SF_ID),
    #: null: hidden from us
    Column("is_opted_out", Boolean),
    Column("individual", _SF_ID, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("active_at", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
    Column("converted_to", _SF_ID),
    Column("converted_at", BigInteger),
    Column("merged_into", _SF_ID),
    Column("is_deleted", Boolean, nullable=False),
    #: has part in an open opportunity; kept over readings of the person
    Column("has_open_deal", Boolean, nullable=False, server_default=false()),
    #: the fields that are ours, as the org has them
    Column("held", JSON, nullable=False),
)

#: what people allow, by the org's Individual records
individuals = Table(
    "crm_individuals",
    metadata,
    Column("id", _SF_ID, primary_key=True),
    Column("changed_at", BigInteger, nullable=False),
    Column("no_tracking", Boolean, nullable=False),
    Column("no_profiling", Boolean, nullable=False),
    Column("no_mail", Boolean, nullable=False),
    Column("no_marketing", Boolean, nullable=False),
    Column("is_to_forget", Boolean, nullable=False),
)

#: the org's consents for one purpose, by e-mail
points = Table(
    "crm_point_consents",
    metadata,
    Column("id", _SF_ID, primary_key=True),
    Column("individual", _SF_ID, nullable=False, index=True),
    #: name of the purpose; empty: none
    Column("purpose", Text, nullable=False),
    #: in the org's words, such as OptOut
    Column("status", String(32), nullable=False),
    Column("begins_at", BigInteger),
    Column("ends_at", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
)

#: whom records belong to
users = Table(
    "crm_users",
    metadata,
    Column("id", _SF_ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("timezone", String(64), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
)

#: how far something got: times of the org, numbers of ours
marks = Table(
    "crm_marks", metadata, Column("name", String(64), primary_key=True), Column("at", BigInteger, nullable=False)
)

#: which of the org's campaigns one of ours is
campaigns = Table(
    "crm_campaigns",
    metadata,
    Column("campaign", BigInteger, primary_key=True, autoincrement=False),
    Column("crm_id", _SF_ID, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

#: members of such campaigns, as the org last told them
members = Table(
    "crm_members",
    metadata,
    Column("id", _SF_ID, primary_key=True),
    Column("crm_campaign", _SF_ID, nullable=False),
    Column("person", _SF_ID, nullable=False),
    Column("status", Text, nullable=False),
    Index("ix_crm_members_person", "person", "crm_campaign"),
)

#: what the org is to be told: one row per record, of which the newest wish holds
outbox = Table(
    "crm_outbox",
    metadata,
    Column("object", String(80), primary_key=True),
    #: record id, or the value of an external id
    Column("key", String(255), primary_key=True),
    #: the field that the key is of: Id or an external id
    Column("key_field", String(80), nullable=False),
    #: 0 is sent first
    Column("lane", Integer, nullable=False),
    #: rows with the same one lock the same records, and are sent together
    Column("parent", String(255), nullable=False),
    Column("fields", JSON, nullable=False),
    #: ever higher; a wish replaces those with a lower number
    Column("number", BigInteger, nullable=False),
    Column("handle", BigInteger, index=True),
    #: waiting or dead
    Column("state", String(8), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    #: why it is not written
    Column("code", String(100)),
    Column("message", Text),
    Column("failed_at", BigInteger),
    Column("first_failed_at", BigInteger),
    Index("ix_crm_outbox_next", "state", "lane", "not_before"),
)

#: what the org was last told and said yes to
written = Table(
    "crm_written",
    metadata,
    Column("object", String(80), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("record", _SF_ID),
    Column("fields", JSON, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("handle", BigInteger, index=True),
)

#: every write, with what stood there before; lines are added, and marked when they are taken back
journal = Table(
    "crm_journal",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("job", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("object", String(80), nullable=False),
    Column("key", String(255), nullable=False),
    Column("key_field", String(80), nullable=False),
    #: null: a new record, whose id is not known yet
    Column("record", _SF_ID),
    #: sent: the answer is not known; written, refused, undone, or kept: somebody changed it since
    Column("state", String(8), nullable=False),
    #: of changed records: the same fields as they were; null: there was no record
    Column("before", JSON),
    Column("after", JSON, nullable=False),
    Column("undone_at", BigInteger),
    Index("ix_crm_journal_job", "job", "id"),
    Index("ix_crm_journal_record", "object", "key", "id"),
)

#: records that reach a goal, or did once
closings = Table(
    "crm_closings",
    metadata,
    Column("goal", String(40), primary_key=True),
    Column("record", _SF_ID, primary_key=True),
    #: told, back: told and no longer so; waiting: it names nobody yet; unmailed: somebody who never got mail from us;
    #: refused: it cannot be
    Column("state", String(8), nullable=False),
    #: of what was refused, why; empty: nothing to say
    Column("why", Text, nullable=False),
    #: last looked at because it was new or had changed
    Column("at", BigInteger, nullable=False),
    Index("ix_crm_closings_state", "goal", "state"),
)
