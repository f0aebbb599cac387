"""Which way mail gets to a domain that has no MX.

Revision ID: 0021
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("exchangers", sa.Column("route", sa.String(16)))
