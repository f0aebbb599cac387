"""Segments: their queries, the members of static ones, and sizes over time.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "segments",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("query", sa.Text, nullable=False),
        sa.Column("is_live", sa.Boolean, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_segments"),
        sa.UniqueConstraint("name", name="uq_segments_name"),
    )
    op.create_table(
        "segment_members",
        sa.Column("segment", _ID, nullable=False),
        sa.Column("handle", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("segment", "handle", name="pk_segment_members"),
        sa.ForeignKeyConstraint(["segment"], ["segments.id"], name="fk_segment_members_segment"),
    )
    op.create_table(
        "segment_sizes",
        sa.Column("segment", _ID, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("segment", "at", name="pk_segment_sizes"),
        sa.ForeignKeyConstraint(["segment"], ["segments.id"], name="fk_segment_sizes_segment"),
    )
