"""When people last said something of a run: with it a list that was read before can be known to be the same still."""

import sqlalchemy as sa
from alembic import op

revision, down_revision = "0002", "0001"


def upgrade():
    op.add_column("runs", sa.Column("said", sa.Float, nullable=False, server_default="0"))


def downgrade():
    with op.batch_alter_table("runs") as table:
        table.drop_column("said")
