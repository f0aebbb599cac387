"""Mail exchangers of recipient domains.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "exchangers",
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("hosts", sa.JSON, nullable=False),
        sa.Column("looked_up_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("domain", name="pk_exchangers"),
    )
