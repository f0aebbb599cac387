"""Which way mail gets to a domain that has no MX.

Revision ID: 0020
Revises: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("exchangers", sa.Column("route", sa.String(16)))
