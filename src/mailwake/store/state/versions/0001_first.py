"""First tables.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _campaigns()
    _people()
    _work()


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("stream", sa.String(32), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
        sa.UniqueConstraint("name", name="uq_campaigns_name"),
    )
    op.create_table(
        "templates",
        sa.Column("id", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("campaign", _ID, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("html", sa.LargeBinary, nullable=False),
        sa.Column("links_count", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_templates"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name="fk_templates_campaign"),
    )
    op.create_index("ix_templates_campaign", "templates", ["campaign"])
    op.create_table(
        "links",
        sa.Column("template", sa.BigInteger, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("href", sa.Text, nullable=False),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("tracked", sa.Boolean, nullable=False),
        sa.Column("location", sa.String(8), nullable=False),
        sa.Column("why_not", sa.Text),
        sa.PrimaryKeyConstraint("template", "number", name="pk_links"),
        sa.ForeignKeyConstraint(["template"], ["templates.id"], name="fk_links_template"),
    )


def _people() -> None:
    op.create_table(
        "recipients",
        sa.Column("handle", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("address", sa.Text, nullable=False),
        sa.Column("address_key", sa.Text, nullable=False),
        sa.Column("domain", sa.Text, nullable=False),
        sa.Column("first_seen_at", sa.BigInteger, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("handle", name="pk_recipients"),
        sa.UniqueConstraint("address_key", name="uq_recipients_address_key"),
    )
    op.create_table(
        "suppressions",
        sa.Column("id", _ID, nullable=False),
        sa.Column("handle", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("campaign", sa.BigInteger),
        sa.Column("stream", sa.String(32)),
        sa.Column("lifted_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("id", name="pk_suppressions"),
    )
    op.create_index("ix_suppressions_handle", "suppressions", ["handle", "lifted_at"])
    op.create_table(
        "consent_ledger",
        sa.Column("id", _ID, nullable=False),
        sa.Column("handle", sa.BigInteger, nullable=False),
        sa.Column("axis", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consent_ledger"),
    )
    op.create_index("ix_consent_ledger_handle", "consent_ledger", ["handle"])
    op.create_table(
        "consent",
        sa.Column("handle", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("axis", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("handle", "axis", name="pk_consent"),
    )
    op.create_index("ix_consent_state", "consent", ["state", "handle"])
    op.create_table(
        "open_days",
        sa.Column("handle", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("handle", name="pk_open_days"),
    )


def _work() -> None:
    op.create_table(
        "jobs",
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.Column("finished_at", sa.BigInteger),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_jobs"),
    )
    op.create_table(
        "meta",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )
