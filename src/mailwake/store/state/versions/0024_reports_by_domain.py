"""Reports of providers that share a number, each on another domain.

Revision ID: 0024
Revises: 0023
"""

from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    # SQLite makes the table anew to change what is unique in it, and dropping the old one takes along what hangs on it.
    op.execute("CREATE TABLE dmarc_rows_kept AS SELECT * FROM dmarc_rows")
    op.execute("DELETE FROM dmarc_rows")
    with op.batch_alter_table("dmarc_reports") as reports:
        reports.drop_constraint("uq_dmarc_reports_organisation_report_id", type_="unique")
        reports.create_unique_constraint(
            "uq_dmarc_reports_organisation_report_id_domain", ["organisation", "report_id", "domain"]
        )
    op.execute("INSERT INTO dmarc_rows SELECT * FROM dmarc_rows_kept")
    op.drop_table("dmarc_rows_kept")
