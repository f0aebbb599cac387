"""What rules decided, and which of them are switched on.

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "workflow_rules",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("is_on", sa.Boolean, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_workflow_rules"),
    )
    op.create_table(
        "workflow_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("rule", sa.String(64), nullable=False),
        sa.Column("version", sa.String(16), nullable=False),
        sa.Column("event", sa.BigInteger, nullable=False),
        sa.Column("subject", sa.String(40), nullable=False),
        sa.Column("handle", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("decision", sa.String(8), nullable=False),
        sa.Column("why", sa.String(32), nullable=False),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("owner", sa.String(18)),
        sa.Column("rests_on", sa.BigInteger),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("actions", sa.JSON, nullable=False),
        sa.Column("is_open", sa.Boolean, nullable=False),
        sa.Column("next_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_workflow_entries"),
        sa.UniqueConstraint("rule", "event", name="uq_workflow_entries_rule_event"),
    )
    op.create_index("ix_workflow_entries_handle", "workflow_entries", ["handle"])
    op.create_index("ix_workflow_entries_decided_at", "workflow_entries", ["decided_at"])
    op.create_index("ix_workflow_entries_day", "workflow_entries", ["day"])
    op.create_index("ix_workflow_entries_subject", "workflow_entries", ["rule", "subject"])
    op.create_index("ix_workflow_entries_open", "workflow_entries", ["is_open", "next_at"])
