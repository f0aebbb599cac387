"""The ledger of consent says how each statement is known, and its lines are bound to each other.

Lines that are there already become the first links of the chain: they are sealed as they stand, in their order.

Revision ID: 0011
Revises: 0010
"""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

_METHODS = {
    "edge": "pref_page", "page": "pref_page", "form": "form", "api": "api", "import": "import",
    "salesforce": "salesforce",
}  # fmt: skip
_TEXTS = ("text_sha256", "locale", "actor", "url", "proof", "previous", "hash")


def upgrade() -> None:
    sizes = {"text_sha256": sa.String(64), "locale": sa.String(35), "previous": sa.String(64), "hash": sa.String(64)}
    op.add_column("consent_ledger", sa.Column("noted_at", sa.BigInteger, nullable=False, server_default="0"))
    op.add_column("consent_ledger", sa.Column("method", sa.String(16), nullable=False, server_default=""))
    op.add_column("consent_ledger", sa.Column("text", sa.BigInteger))
    for name in _TEXTS:
        column = sa.Column(name, sizes.get(name, sa.Text), nullable=False, server_default="")
        op.add_column("consent_ledger", column)
    op.create_table(
        "consent_texts",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), nullable=False),
        sa.Column("locale", sa.String(35), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_consent_texts"),
        sa.UniqueConstraint("locale", "sha256", name="uq_consent_texts_locale"),
    )
    op.create_table(
        "crm_point_consents",
        sa.Column("id", sa.String(18), nullable=False),
        sa.Column("individual", sa.String(18), nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("begins_at", sa.BigInteger),
        sa.Column("ends_at", sa.BigInteger),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_crm_point_consents"),
    )
    op.create_index("ix_crm_point_consents_individual", "crm_point_consents", ["individual"])
    _seal(op.get_bind())


def _seal(connection: sa.Connection) -> None:
    """Bind the lines that are there; a copy of `mailwake.store.consent.chain` as it was when this step was made."""
    number, digest = 0, "0" * 64
    query = sa.text(
        "select id, handle, axis, state, at, source from consent_ledger where id > :after order by id limit 5000"
    )
    change = sa.text(
        "update consent_ledger set noted_at = :at, method = :method, previous = :previous, hash = :hash where id = :id"
    )
    while rows := connection.execute(query, {"after": number}).all():
        changes = []
        for row in rows:
            method = _METHODS.get(row.source, "")
            said = [
                row.id,
                row.handle,
                row.axis,
                row.state,
                row.at,
                row.at,
                row.source,
                method,
                None,
                "",
                "",
                "",
                "",
                "",
            ]
            line = json.dumps(["mailwake-consent-1", *said], ensure_ascii=False, separators=(",", ":"))
            seal = hashlib.sha256(f"{digest}\n{line}".encode()).hexdigest()
            changes.append({"id": row.id, "at": row.at, "method": method, "previous": digest, "hash": seal})
            number, digest = row.id, seal
        connection.execute(change, changes)
    if number:
        head = {"name": "consent_head", "value": f"{number} {digest}"}
        connection.execute(sa.text("insert into meta (name, value) values (:name, :value)"), head)
