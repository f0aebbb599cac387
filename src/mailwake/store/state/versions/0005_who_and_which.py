"""Who added a suppression, and by which mail, how surely and by what proof somebody left.

What is on record from before stays as it is; of it these things are not known.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("suppressions", sa.Column("put_by", sa.Text))
    op.create_index("ix_suppressions_reason", "suppressions", ["reason", "lifted_at", "at"])
    for column in (
        sa.Column("template", sa.BigInteger),
        sa.Column("delivery", sa.BigInteger),
        sa.Column("link", sa.Integer),
        sa.Column("p_human", sa.Float),
        sa.Column("verdict", sa.String(16)),
        sa.Column("proof", sa.Text),
    ):
        op.add_column("unsubscribes", column)
