"""Reports of providers that share a number, each on another domain.

Revision ID: 0024
Revises: 0023
"""

from alembic import op

revision = "0024"
down_revision = "0023"

_INDEXED = ("begins", "noted_at")


def upgrade() -> None:
    # SQLite makes the table anew to change what is unique in it, and dropping the old one takes along what hangs on it.
    op.execute("CREATE TABLE dmarc_rows_kept AS SELECT * FROM dmarc_rows")
    op.execute("DELETE FROM dmarc_rows")
    for column in _INDEXED:  # they would come back in any order, and each new store is compared with what steps leave
        op.drop_index(f"ix_dmarc_reports_{column}", "dmarc_reports")
    with op.batch_alter_table("dmarc_reports") as reports:
        reports.drop_constraint("uq_dmarc_reports_organisation_report_id", type_="unique")
        reports.create_unique_constraint(
            "uq_dmarc_reports_organisation_report_id_domain", ["organisation", "report_id", "domain"]
        )
    for column in _INDEXED:
        op.create_index(f"ix_dmarc_reports_{column}", "dmarc_reports", [column])
    op.execute("INSERT INTO dmarc_rows SELECT * FROM dmarc_rows_kept")
    op.drop_table("dmarc_rows_kept")
