"""The tables of the state store. The migrations in ``versions`` build exactly these; a test compares them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

#: the newest step in `versions`
VERSION = "0024"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
    }
)

#: SQLite counts up by itself in an INTEGER primary key only; PostgreSQL gets 64 bits.
_ID = BigInteger().with_variant(Integer, "sqlite")

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("stream", String(32), nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

templates = Table(
    "templates",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("campaign", ForeignKey("campaigns.id"), nullable=False, index=True),
    Column("subject", Text, nullable=False),
    #: the bytes as sent, deflated (zlib, RFC 1950)
    Column("html", LargeBinary, nullable=False),
    Column("links_count", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("template", ForeignKey("templates.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("href", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("role", String(32), nullable=False),
    Column("tracked", Boolean, nullable=False),
    Column("location", String(8), nullable=False),
    Column("why_not", Text),
)

recipients = Table(
    "recipients",
    metadata,
    Column("handle", BigInteger, primary_key=True, autoincrement=False),
    Column("address", Text, nullable=False),
    Column("address_key", Text, nullable=False, unique=True),
    Column("domain", Text, nullable=False),
    Column("first_seen_at", BigInteger, nullable=False),
    Column("fields", JSON, nullable=False),
)

# Suppression and consent outlive the recipient's row: an erased handle must stay suppressed. Hence no foreign key.
suppressions = Table(
    "suppressions",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("handle", BigInteger, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("source", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("campaign", BigInteger),
    Column("stream", String(32)),
    Column("lifted_at", BigInteger),
    #: the cause, a word of bounces/rules.toml
    Column("category", String(32)),
    #: what decided on the cause
    Column("rule", Text),
    #: the words that it was decided on
    Column("quoted", Text),
    #: days with a refusal, where it took several
    Column("days", Integer),
    #: of the event that led to it
    Column("event", BigInteger),
    Column("expires_at", BigInteger),
    Column("incident", BigInteger),
    Column("lifted_by", Text),
    Column("lift_why", Text),
    #: a person who added it
    Column("put_by", Text),
    Index("ix_suppressions_reason", "reason", "lifted_at", "at"),
    Index("ix_suppressions_handle", "handle", "lifted_at"),
    Index("ix_suppressions_event", "event"),
    Index("ix_suppressions_incident", "incident"),
)

#: every refusal of a recipient's copy with what it was decided to mean; counts are made of these
refusals = Table(
    "refusals",
    metadata,
    Column("event", BigInteger, primary_key=True, autoincrement=False),
    Column("handle", BigInteger, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("category", String(32), nullable=False),
    Column("class", String(16), nullable=False, key="klass"),
    Column("action", String(24), nullable=False),
    Column("rule", Text, nullable=False),
    Column("quoted", Text, nullable=False),
    Column("domain", Text),
    #: the mail exchanger's domain where the DNS was asked, else the recipient's
    Column("place", Text),
    Column("campaign", BigInteger, index=True),
    Column("source", String(16), nullable=False),
    Column("incident", BigInteger, index=True),
    Index("ix_refusals_place", "place", "action", "at"),
    Index("ix_refusals_category", "category", "at"),
)

#: what concerns many recipients at once: an outage of theirs, a fault of ours, an import
incidents = Table(
    "incidents",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("place", Text),
    Column("category", String(32)),
    Column("opened_at", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("quoted", Text, nullable=False),
    Column("closed_at", BigInteger),
    Column("closed_by", Text),
    Column("why", Text),
    Index("ix_incidents_kind", "kind", "last_at"),
)

#: everybody who asked to stop, and what holds of it now; suppression says who gets no mail, this says because of what
unsubscribes = Table(
    "unsubscribes",
    metadata,
    #: of the event
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("handle", BigInteger, nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("how", String(16), nullable=False),
    Column("campaign", BigInteger),
    Column("domain", Text),
    Column("network", BigInteger),
    Column("state", String(16), nullable=False),
    Column("incident", BigInteger),
    Column("held_until", BigInteger),
    Column("is_looked_at", Boolean, nullable=False),
    Column("template", BigInteger),
    Column("delivery", BigInteger),
    #: number of the link in the template
    Column("link", Integer),
    #: what the judge made of it then
    Column("p_human", Float),
    Column("verdict", String(16)),
    #: where no event of ours shows it
    Column("proof", Text),
    Index("ix_unsubscribes_burst", "domain", "network", "at"),
    Index("ix_unsubscribes_state", "state", "held_until"),
    Index("ix_unsubscribes_new", "is_looked_at", "at"),
)

#: who held, applied or took back an unsubscription, when and why; lines are added, never changed
unsubscribe_acts = Table(
    "unsubscribe_acts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("unsubscribe", BigInteger, nullable=False, index=True),
    Column("act", String(16), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("why", Text, nullable=False),
)

#: mode `deliverability`: the day of the last open, overwritten, for list hygiene alone
open_days = Table(
    "open_days",
    metadata,
    Column("handle", BigInteger, primary_key=True, autoincrement=False),
    Column("day", Date, nullable=False),
)

#: public facts of the DNS, kept so that no page waits for a name server
exchangers = Table(
    "exchangers",
    metadata,
    Column("domain", String(255), primary_key=True),
    #: host names, most preferred first; empty: the domain says that it has none
    Column("hosts", JSON, nullable=False),
    Column("looked_up_at", BigInteger, nullable=False),
    #: which way mail gets there; null: nobody asked
    Column("route", String(16)),
)

segments = Table(
    "segments",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    #: in the language of `mailwake.segments`
    Column("query", Text, nullable=False),
    #: False: its members were chosen once, and stand in `segment_members`
    Column("is_live", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
)

segment_members = Table(
    "segment_members",
    metadata,
    Column("segment", ForeignKey("segments.id"), primary_key=True),
    Column("handle", BigInteger, primary_key=True, autoincrement=False),
)

#: how many people a live segment had at a moment
segment_sizes = Table(
    "segment_sizes",
    metadata,
    Column("segment", ForeignKey("segments.id"), primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
)

#: what is tried against what; see `mailwake.experiments`
experiments = Table(
    "experiments",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("campaign", ForeignKey("campaigns.id"), nullable=False),
    #: key of the hash that assigns recipients
    Column("salt", LargeBinary, nullable=False),
    #: variants, measure and rule
    Column("design", JSON, nullable=False),
    #: templates of the variants and how many people were planned; empty: not sent yet
    Column("sent", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("decided_at", BigInteger),
    #: number of a variant
    Column("winner", Integer),
    Column("decided_by", Text),
    Column("why", Text),
)

experiment_letters = Table(
    "experiment_letters",
    metadata,
    Column("experiment", ForeignKey("experiments.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    #: the file as authored, deflated
    Column("letter", LargeBinary, nullable=False),
)

goals = Table(
    "goals",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("window_days", BigInteger, nullable=False),
    #: in minor units
    Column("value", BigInteger),
    Column("currency", String(3), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
)

#: whom a campaign was not sent to on purpose, to see what happens without it
holdouts = Table(
    "holdouts",
    metadata,
    Column("campaign", ForeignKey("campaigns.id"), primary_key=True),
    Column("handle", BigInteger, primary_key=True, autoincrement=False),
    Column("held_at", BigInteger, nullable=False),
    #: whether what they do may be told of them
    Column("is_individual", Boolean, nullable=False),
)

jobs = Table(
    "jobs",
    metadata,
    Column("kind", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("data", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger),
)

meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)
