"""Goals, and the people that a campaign is kept from.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "goals",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("window_days", sa.BigInteger, nullable=False),
        sa.Column("value", sa.BigInteger),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_goals"),
    )
    op.create_table(
        "holdouts",
        sa.Column("campaign", _ID, nullable=False),
        sa.Column("handle", sa.BigInteger, nullable=False),
        sa.Column("held_at", sa.BigInteger, nullable=False),
        sa.Column("is_individual", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("campaign", "handle", name="pk_holdouts"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name="fk_holdouts_campaign"),
    )
