"""Experiments: what is tried against what, with the letters.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    op.create_table(
        "experiments",
        sa.Column("id", _ID, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("campaign", _ID, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("design", sa.JSON, nullable=False),
        sa.Column("sent", sa.JSON, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("winner", sa.Integer),
        sa.Column("decided_by", sa.Text),
        sa.Column("why", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_experiments"),
        sa.UniqueConstraint("name", name="uq_experiments_name"),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"], name="fk_experiments_campaign"),
    )
    op.create_table(
        "experiment_letters",
        sa.Column("experiment", _ID, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("letter", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("experiment", "number", name="pk_experiment_letters"),
        sa.ForeignKeyConstraint(["experiment"], ["experiments.id"], name="fk_experiment_letters_experiment"),
    )
