"""The tables of what providers told; the migrations in ``state/versions`` build them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Integer, String, Table, UniqueConstraint

from mailwake.store.state.schema import metadata

_ID = BigInteger().with_variant(Integer, "sqlite")

#: one row per aggregate report
reports = Table(
    "dmarc_reports",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("organisation", String(255), nullable=False),
    Column("report_id", String(255), nullable=False),
    Column("domain", String(253), nullable=False),
    Column("policy", String(10), nullable=False),
    Column("begins", BigInteger, nullable=False, index=True),
    Column("ends", BigInteger, nullable=False),
    Column("noted_at", BigInteger, nullable=False, index=True),
    # RFC 9990: a number is unique among the reports on one domain
    UniqueConstraint("organisation", "report_id", "domain", name="uq_dmarc_reports_organisation_report_id_domain"),
)

#: its lines; those that share everything are added up
rows = Table(
    "dmarc_rows",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("report", BigInteger, ForeignKey("dmarc_reports.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("source", String(45), nullable=False),
    Column("operator", String(100)),
    Column("header_from", String(253), nullable=False),
    Column("disposition", String(10), nullable=False),
    Column("dkim", Boolean, nullable=False),
    Column("spf", Boolean, nullable=False),
    Column("copies", BigInteger, nullable=False),
)

#: what stands on the pages of providers for senders; one value per day and thing
figures = Table(
    "postmaster_figures",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("source", String(8), nullable=False),
    Column("subject", String(253), nullable=False),
    Column("day", String(10), nullable=False, index=True),
    Column("name", String(40), nullable=False),
    Column("value", Float),
    Column("word", String(40), nullable=False),
    Column("noted_at", BigInteger, nullable=False),
    UniqueConstraint("source", "subject", "day", "name", name="uq_postmaster_figures_source_subject_day_name"),
)
