"""Who may use the dashboard.

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "access_users",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("name_key", sa.Text, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("password", sa.Text),
        sa.Column("must_change", sa.Boolean, nullable=False),
        sa.Column("issuer", sa.Text),
        sa.Column("subject", sa.Text),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("seen_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_access_users"),
        sa.UniqueConstraint("name_key", name="uq_access_users_name_key"),
        sa.UniqueConstraint("issuer", "subject", name="uq_access_users_issuer_subject"),
    )
    op.create_table(
        "access_sessions",
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("user", _ID, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
        sa.Column("how", sa.Text, nullable=False),
        sa.Column("agent", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_access_sessions"),
        sa.ForeignKeyConstraint(["user"], ["access_users.id"], name="fk_access_sessions_user_access_users"),
    )
    op.create_index("ix_access_sessions_user", "access_sessions", ["user"])
    op.create_table(
        "access_keys",
        sa.Column("id", sa.String(8), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("env", sa.String(12), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("user", _ID),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("networks", sa.JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("revoked_by", sa.Text),
        sa.Column("next", sa.String(8)),
        sa.PrimaryKeyConstraint("id", name="pk_access_keys"),
        sa.ForeignKeyConstraint(["user"], ["access_users.id"], name="fk_access_keys_user_access_users"),
    )
    op.create_index("ix_access_keys_user", "access_keys", ["user"])
