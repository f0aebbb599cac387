"""The tables of who may use the dashboard; the migrations in ``state/versions`` build them."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from mailwake.store.state.schema import metadata

_ID = BigInteger().with_variant(Integer, "sqlite")

#: colleagues; who has neither password nor subject is invited, and comes in by a provider that vouches for the address
users = Table(
    "access_users",
    metadata,
    Column("id", _ID, primary_key=True),
    #: what they type to log in, as they write it
    Column("name", Text, nullable=False),
    #: the same as it is compared
    Column("name_key", Text, nullable=False, unique=True),
    Column("role", String(32), nullable=False),
    #: Argon2id in PHC form; null: none, they come in some other way
    Column("password", Text),
    #: secret that codes of a second factor are worked out from, in base32; null: none is asked for
    Column("second", Text),
    #: step of time of the last code that was taken: none is taken twice
    Column("second_step", BigInteger, nullable=False, server_default="0"),
    #: whoever gave the password knows it, so it has to be changed first
    Column("must_change", Boolean, nullable=False),
    #: who a provider of identities says they are
    Column("issuer", Text),
    Column("subject", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("seen_at", BigInteger),
    UniqueConstraint("issuer", "subject", name="uq_access_users_issuer_subject"),
)

#: browsers that are logged in
sessions = Table(
    "access_sessions",
    metadata,
    #: SHA-256 of what the cookie says
    Column("hash", LargeBinary(32), primary_key=True),
    Column("user", ForeignKey("access_users.id"), nullable=False, index=True),
    Column("made_at", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    #: password, or the issuer
    Column("how", Text, nullable=False),
    #: what the browser says of itself, shortened; for the list of sessions alone
    Column("agent", Text, nullable=False),
)

#: what programs show instead of a password
api_keys = Table(
    "access_keys",
    metadata,
    Column("id", String(8), primary_key=True),
    #: SHA-256 of the whole key
    Column("hash", LargeBinary(32), nullable=False),
    Column("env", String(12), nullable=False),
    Column("name", Text, nullable=False),
    #: whose rights it never exceeds; null: it was made at the command line
    Column("user", ForeignKey("access_users.id"), index=True),
    Column("scopes", JSON, nullable=False),
    #: it is taken from these alone; empty: from anywhere
    Column("networks", JSON, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("used_at", BigInteger),
    Column("revoked_at", BigInteger),
    Column("revoked_by", Text),
    #: id of the key that takes its place
    Column("next", String(8)),
)
