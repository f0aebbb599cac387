"""Who has part in an open opportunity, so that one of several records with an address can be chosen by it.

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("crm_people", sa.Column("has_open_deal", sa.Boolean, nullable=False, server_default=sa.false()))
