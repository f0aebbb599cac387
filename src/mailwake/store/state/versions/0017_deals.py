"""Who has part in an open opportunity, so that one of several records with an address can be chosen by it.

Revision ID: 0017
Revises: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("crm_people", sa.Column("has_open_deal", sa.Boolean, nullable=False, server_default=sa.false()))
