"""Who did what: lines that nobody can change, and up to where they were let go of.

Revision ID: 0017
Revises: 0016
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

#: Lines are added. They go only after a cut says up to where, and nothing in them ever changes.
_NEVER = "begin select raise(abort, 'the audit log is only added to'); end"
_GONE = "when old.number > coalesce((select max(number) from audit_cuts), 0)"
_REFUSALS = (
    f"create trigger audit_lines_never_change before update on audit_lines {_NEVER}",
    f"create trigger audit_lines_stay before delete on audit_lines {_GONE} {_NEVER}",
    f"create trigger audit_cuts_never_change before update on audit_cuts {_NEVER}",
    f"create trigger audit_cuts_stay before delete on audit_cuts {_NEVER}",
)


def upgrade() -> None:
    op.create_table(
        "audit_lines",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor_kind", sa.String(16), nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("on_behalf", sa.Text),
        sa.Column("action", sa.String(48), nullable=False),
        sa.Column("object_kind", sa.String(24), nullable=False),
        sa.Column("object", sa.Text, nullable=False),
        sa.Column("outcome", sa.String(8), nullable=False),
        sa.Column("before", sa.Text),
        sa.Column("after", sa.Text),
        sa.Column("request", sa.String(36)),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_lines"),
    )
    op.create_table(
        "audit_cuts",
        sa.Column("number", sa.BigInteger, nullable=False, autoincrement=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("signature", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_audit_cuts"),
    )
    op.create_index("ix_audit_lines_at", "audit_lines", ["at"])
    op.create_index("ix_audit_lines_action", "audit_lines", ["action", "number"])
    op.create_index("ix_audit_lines_actor", "audit_lines", ["actor", "number"])
    op.create_index("ix_audit_lines_object", "audit_lines", ["object_kind", "object", "number"])
    if op.get_bind().dialect.name == "sqlite":
        for refusal in _REFUSALS:
            op.execute(refusal)
