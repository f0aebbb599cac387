"""Records of a Salesforce org that reach a goal.

Revision ID: 0023
Revises: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "crm_closings",
        sa.Column("goal", sa.String(40), nullable=False),
        sa.Column("record", sa.String(18), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("goal", "record", name="pk_crm_closings"),
    )
    op.create_index("ix_crm_closings_state", "crm_closings", ["goal", "state"])
