"""Runs, their histories in chunks, and their snapshots."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0001", None


def upgrade():
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("note", sa.String, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("parent", sa.String),
        sa.Column("parent_epoch", sa.BigInteger),
        sa.Column("created", sa.Float, nullable=False),
        sa.Column("deleted", sa.Float),
        sa.Column("versions", sa.JSON, nullable=False),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("heartbeat", sa.Float, nullable=False),
        sa.Column("holder", sa.String, nullable=False),
        sa.Column("config", sa.JSON, nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
        sa.Column("engine_asked", sa.String),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("diverged", sa.String, nullable=False),
        sa.Column("data", sa.String, nullable=False),
        sa.Column("split", sa.LargeBinary),
        sa.Column("shapes", sa.JSON),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("update", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("order_state", sa.JSON),
        sa.Column("parameters", sa.LargeBinary),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("present", sa.JSON, nullable=False),
        sa.Column("best_test_loss", sa.Float),
        sa.Column("best_epoch", sa.BigInteger),
        sa.Column("curve", sa.JSON, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "chunks",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("first_row", sa.BigInteger, primary_key=True),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("content", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "snapshots",
        sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("update", sa.BigInteger, primary_key=True),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("position", sa.Integer, nullable=False),
        sa.Column("engine", sa.String, nullable=False),
        sa.Column("order_state", sa.JSON, nullable=False),
        sa.Column("parameters", sa.LargeBinary, nullable=False),
    )


def downgrade():
    for table in ("snapshots", "chunks", "runs"):
        op.drop_table(table)
