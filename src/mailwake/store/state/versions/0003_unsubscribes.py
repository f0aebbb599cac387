"""Unsubscriptions that can be held and taken back, and who did so.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "unsubscribes",
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("handle", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("campaign", sa.BigInteger),
        sa.Column("domain", sa.Text),
        sa.Column("network", sa.BigInteger),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("incident", sa.BigInteger),
        sa.Column("held_until", sa.BigInteger),
        sa.Column("is_looked_at", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unsubscribes"),
    )
    op.create_index("ix_unsubscribes_handle", "unsubscribes", ["handle"])
    op.create_index("ix_unsubscribes_burst", "unsubscribes", ["domain", "network", "at"])
    op.create_index("ix_unsubscribes_state", "unsubscribes", ["state", "held_until"])
    op.create_index("ix_unsubscribes_new", "unsubscribes", ["is_looked_at", "at"])
    op.create_table(
        "unsubscribe_acts",
        sa.Column("id", _ID, nullable=False),
        sa.Column("unsubscribe", sa.BigInteger, nullable=False),
        sa.Column("act", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_unsubscribe_acts"),
    )
    op.create_index("ix_unsubscribe_acts_unsubscribe", "unsubscribe_acts", ["unsubscribe"])
