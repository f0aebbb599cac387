"""What mailbox providers tell of our mail: DMARC aggregate reports, and figures of their pages.

Revision ID: 0018
Revises: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "dmarc_reports",
        sa.Column("id", _ID, nullable=False),
        sa.Column("organisation", sa.String(255), nullable=False),
        sa.Column("report_id", sa.String(255), nullable=False),
        sa.Column("domain", sa.String(253), nullable=False),
        sa.Column("policy", sa.String(10), nullable=False),
        sa.Column("begins", sa.BigInteger, nullable=False),
        sa.Column("ends", sa.BigInteger, nullable=False),
        sa.Column("noted_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dmarc_reports"),
        sa.UniqueConstraint("organisation", "report_id", name="uq_dmarc_reports_organisation_report_id"),
    )
    op.create_index("ix_dmarc_reports_begins", "dmarc_reports", ["begins"])
    op.create_index("ix_dmarc_reports_noted_at", "dmarc_reports", ["noted_at"])
    op.create_table(
        "dmarc_rows",
        sa.Column("id", _ID, nullable=False),
        sa.Column("report", sa.BigInteger, nullable=False),
        sa.Column("source", sa.String(45), nullable=False),
        sa.Column("operator", sa.String(100)),
        sa.Column("header_from", sa.String(253), nullable=False),
        sa.Column("disposition", sa.String(10), nullable=False),
        sa.Column("dkim", sa.Boolean, nullable=False),
        sa.Column("spf", sa.Boolean, nullable=False),
        sa.Column("copies", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_dmarc_rows"),
        sa.ForeignKeyConstraint(
            ["report"], ["dmarc_reports.id"], name="fk_dmarc_rows_report_dmarc_reports", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_dmarc_rows_report", "dmarc_rows", ["report"])
    op.create_table(
        "postmaster_figures",
        sa.Column("id", _ID, nullable=False),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("subject", sa.String(253), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.Float),
        sa.Column("word", sa.String(40), nullable=False),
        sa.Column("noted_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_postmaster_figures"),
        sa.UniqueConstraint("source", "subject", "day", "name", name="uq_postmaster_figures_source_subject_day_name"),
    )
    op.create_index("ix_postmaster_figures_day", "postmaster_figures", ["day"])
