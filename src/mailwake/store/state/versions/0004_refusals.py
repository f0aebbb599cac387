"""Refusals and what they were decided to mean, incidents, and why each suppression holds.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    for column in (
        sa.Column("category", sa.String(32)),
        sa.Column("rule", sa.Text),
        sa.Column("quoted", sa.Text),
        sa.Column("days", sa.Integer),
        sa.Column("event", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("incident", sa.BigInteger),
        sa.Column("lifted_by", sa.Text),
        sa.Column("lift_why", sa.Text),
    ):
        op.add_column("suppressions", column)
    op.create_index("ix_suppressions_event", "suppressions", ["event"])
    op.create_index("ix_suppressions_incident", "suppressions", ["incident"])
    op.create_table(
        "refusals",
        sa.Column("event", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("handle", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("category", sa.String(32), nullable=False),
        sa.Column("class", sa.String(16), nullable=False),
        sa.Column("action", sa.String(24), nullable=False),
        sa.Column("rule", sa.Text, nullable=False),
        sa.Column("quoted", sa.Text, nullable=False),
        sa.Column("domain", sa.Text),
        sa.Column("place", sa.Text),
        sa.Column("campaign", sa.BigInteger),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("incident", sa.BigInteger),
        sa.PrimaryKeyConstraint("event", name="pk_refusals"),
    )
    op.create_index("ix_refusals_handle", "refusals", ["handle"])
    op.create_index("ix_refusals_campaign", "refusals", ["campaign"])
    op.create_index("ix_refusals_incident", "refusals", ["incident"])
    op.create_index("ix_refusals_place", "refusals", ["place", "action", "at"])
    op.create_index("ix_refusals_category", "refusals", ["category", "at"])
    op.create_table(
        "incidents",
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("place", sa.Text),
        sa.Column("category", sa.String(32)),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("quoted", sa.Text, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.Column("closed_by", sa.Text),
        sa.Column("why", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_kind", "incidents", ["kind", "last_at"])
