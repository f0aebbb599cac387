"""Links after delivery: what their targets answer, and whose readers go elsewhere.

Revision ID: 0019
Revises: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "link_decisions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("template", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("href", sa.Text, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("to", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("seal", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_link_decisions"),
    )
    op.create_table(
        "link_targets",
        sa.Column("href", sa.Text, nullable=False),
        sa.Column("visited_at", sa.BigInteger, nullable=False),
        sa.Column("health", sa.String(16), nullable=False),
        sa.Column("said", sa.String(64), nullable=False),
        sa.Column("well_at", sa.BigInteger),
        sa.Column("failing_since", sa.BigInteger),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("href", name="pk_link_targets"),
    )
    op.create_table(
        "link_alarms",
        sa.Column("id", _ID, nullable=False),
        sa.Column("href", sa.Text, nullable=False),
        sa.Column("said", sa.String(64), nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("closed_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_link_alarms"),
    )
    op.create_index("ix_link_alarms_href", "link_alarms", ["href"])
