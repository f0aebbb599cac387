"""The secret of a colleague's second factor, and the last code that was taken.

Revision ID: 0022
Revises: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.add_column("access_users", sa.Column("second", sa.Text))
    op.add_column("access_users", sa.Column("second_step", sa.BigInteger, nullable=False, server_default="0"))
