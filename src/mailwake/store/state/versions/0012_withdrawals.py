"""Whose data was erased, and whether anything is recorded at all.

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    op.create_table(
        "erased_handles",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("handle", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erased_handles"),
        sa.UniqueConstraint("handle", name="uq_erased_handles_handle"),
    )
    op.create_table(
        "recording_stops",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("axis", sa.String(8), nullable=False),
        sa.Column("is_stopped", sa.Boolean, nullable=False),
        sa.Column("only_after", sa.BigInteger),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_recording_stops"),
    )
