"""What a Salesforce org tracked by itself, kept for comparison.

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "native_mails",
        sa.Column("record", sa.String(18), nullable=False),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("handle", sa.BigInteger),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("delivery", sa.BigInteger),
        sa.Column("subject", sa.String(16)),
        sa.Column("recipients", sa.Integer, nullable=False),
        sa.Column("is_tracked", sa.Boolean),
        sa.Column("is_opened", sa.Boolean),
        sa.Column("opened_at", sa.BigInteger),
        sa.Column("is_link_tracked", sa.Boolean),
        sa.Column("is_clicked", sa.Boolean),
        sa.Column("is_bounced", sa.Boolean),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("record", "place", name="pk_native_mails"),
    )
    op.create_index("ix_native_mails_handle", "native_mails", ["handle"])
    op.create_index("ix_native_mails_sent_at", "native_mails", ["sent_at"])
    op.create_table(
        "native_lists",
        sa.Column("record", sa.String(18), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("subject", sa.String(16)),
        sa.Column("sent_at", sa.BigInteger, nullable=False),
        sa.Column("total_sent", sa.BigInteger),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("record", name="pk_native_lists"),
    )
