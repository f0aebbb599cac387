"""What stands between this installation and a Salesforce org.

Revision ID: 0009
Revises: 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

_SF_ID = sa.String(18)
_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _people()
    _campaigns()
    _outbox()
    _journal()


def _people() -> None:
    op.create_table(
        "crm_people",
        sa.Column("id", _SF_ID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("address_key", sa.Text),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("owner", _SF_ID),
        sa.Column("account", _SF_ID),
        sa.Column("is_opted_out", sa.Boolean),
        sa.Column("individual", _SF_ID),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("active_at", sa.BigInteger),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("converted_to", _SF_ID),
        sa.Column("converted_at", sa.BigInteger),
        sa.Column("merged_into", _SF_ID),
        sa.Column("is_deleted", sa.Boolean, nullable=False),
        sa.Column("held", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crm_people"),
    )
    op.create_table(
        "crm_individuals",
        sa.Column("id", _SF_ID, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("no_tracking", sa.Boolean, nullable=False),
        sa.Column("no_profiling", sa.Boolean, nullable=False),
        sa.Column("no_mail", sa.Boolean, nullable=False),
        sa.Column("no_marketing", sa.Boolean, nullable=False),
        sa.Column("is_to_forget", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crm_individuals"),
    )
    op.create_table(
        "crm_users",
        sa.Column("id", _SF_ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("timezone", sa.String(64), nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crm_users"),
    )
    op.create_index("ix_crm_people_address_key", "crm_people", ["address_key"])
    op.create_index("ix_crm_people_individual", "crm_people", ["individual"])


def _campaigns() -> None:
    op.create_table(
        "crm_marks",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_crm_marks"),
    )
    op.create_table(
        "crm_campaigns",
        sa.Column("campaign", sa.BigInteger, nullable=False),
        sa.Column("crm_id", _SF_ID, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("campaign", name="pk_crm_campaigns"),
    )
    op.create_table(
        "crm_members",
        sa.Column("id", _SF_ID, nullable=False),
        sa.Column("crm_campaign", _SF_ID, nullable=False),
        sa.Column("person", _SF_ID, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crm_members"),
    )
    op.create_index("ix_crm_members_person", "crm_members", ["person", "crm_campaign"])


def _outbox() -> None:
    op.create_table(
        "crm_outbox",
        sa.Column("object", sa.String(80), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("key_field", sa.String(80), nullable=False),
        sa.Column("lane", sa.Integer, nullable=False),
        sa.Column("parent", sa.String(255), nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("handle", sa.BigInteger),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("not_before", sa.BigInteger, nullable=False),
        sa.Column("code", sa.String(100)),
        sa.Column("message", sa.Text),
        sa.Column("failed_at", sa.BigInteger),
        sa.Column("first_failed_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("object", "key", name="pk_crm_outbox"),
    )
    op.create_table(
        "crm_written",
        sa.Column("object", sa.String(80), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("record", _SF_ID),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("handle", sa.BigInteger),
        sa.PrimaryKeyConstraint("object", "key", name="pk_crm_written"),
    )
    op.create_index("ix_crm_outbox_handle", "crm_outbox", ["handle"])
    op.create_index("ix_crm_outbox_next", "crm_outbox", ["state", "lane", "not_before"])
    op.create_index("ix_crm_written_handle", "crm_written", ["handle"])


def _journal() -> None:
    op.create_table(
        "crm_journal",
        sa.Column("id", _ID, nullable=False),
        sa.Column("job", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("object", sa.String(80), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("key_field", sa.String(80), nullable=False),
        sa.Column("record", _SF_ID),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("before", sa.JSON),
        sa.Column("after", sa.JSON, nullable=False),
        sa.Column("undone_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_crm_journal"),
    )
    op.create_index("ix_crm_journal_job", "crm_journal", ["job", "id"])
    op.create_index("ix_crm_journal_record", "crm_journal", ["object", "key", "id"])
