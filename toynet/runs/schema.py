"""The tables of a store: what they are called and what stands in them. Its versions are in migrations/."""

import sqlalchemy as sa

VERSION = "0003"
"""The newest version, that of these tables."""

FIRST = {"runs", "chunks", "snapshots"}
"""The tables that every version has."""

metadata = sa.MetaData()

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("run", sa.String, nullable=False, unique=True),  # the run's own name, which never changes
    # What people say of it.
    sa.Column("name", sa.String, nullable=False),
    sa.Column("note", sa.String, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("said", sa.Float, nullable=False, server_default="0"),  # when they last did
    # Where it comes from.
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("parent", sa.String),
    sa.Column("parent_epoch", sa.BigInteger),
    sa.Column("created", sa.Float, nullable=False),  # seconds since 1970, in UTC
    sa.Column("deleted", sa.Float),
    sa.Column("versions", sa.JSON, nullable=False),
    # How it stands, and who trains it.
    sa.Column("status", sa.String, nullable=False),
    sa.Column("heartbeat", sa.Float, nullable=False),
    sa.Column("holder", sa.String, nullable=False),
    # Its State, but for history and snapshots.
    sa.Column("config", sa.JSON, nullable=False),  # as at the start
    sa.Column("changes", sa.JSON, nullable=False),
    sa.Column("engine_asked", sa.String),
    sa.Column("engine", sa.String, nullable=False),
    sa.Column("diverged", sa.String, nullable=False),
    sa.Column("data", sa.String, nullable=False),
    sa.Column("split", sa.LargeBinary),  # data that were given by hand
    sa.Column("shapes", sa.JSON),  # of the parameters; none where they are not known
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("update", sa.BigInteger, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("order_state", sa.JSON),
    sa.Column("parameters", sa.LargeBinary),  # and behind them, in the same shapes, v of momentum where there is one
    sa.Column("seconds", sa.Float, nullable=False),
    # What the table of runs shows: its present row, the best one, and a small picture of its losses.
    sa.Column("present", sa.JSON, nullable=False),
    sa.Column("best_test_loss", sa.Float),
    sa.Column("best_epoch", sa.BigInteger),
    sa.Column("curve", sa.JSON, nullable=False),
    sa.Column("rows", sa.BigInteger, nullable=False),
)

chunks = sa.Table(
    "chunks",
    metadata,
    sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("first_row", sa.BigInteger, primary_key=True),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # Arrow, compressed
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("run_id", sa.Integer, sa.ForeignKey("runs.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("update", sa.BigInteger, primary_key=True),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("engine", sa.String, nullable=False),
    sa.Column("order_state", sa.JSON, nullable=False),
    sa.Column("parameters", sa.LargeBinary, nullable=False),  # and v, as above
)

sweeps = sa.Table(
    "sweeps",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.String, nullable=False, unique=True),  # its own name, which never changes
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),  # what people call it
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("created", sa.Float, nullable=False),  # seconds since 1970, in UTC
    sa.Column("deleted", sa.Float),
    sa.Column("heartbeat", sa.Float, nullable=False),
    sa.Column("grid", sa.JSON, nullable=False),
    sa.Column("settings", sa.String, nullable=False, index=True),  # a hash of the grid, but for its seeds
    sa.Column("data", sa.String, nullable=False),  # a hash of the first run's
    sa.Column("changes", sa.JSON, nullable=False),
    sa.Column("runs", sa.BigInteger, nullable=False),  # that the grid has
    sa.Column("done", sa.BigInteger, nullable=False),  # of which there are summaries
    sa.Column("numbers", sa.LargeBinary, nullable=False),  # a bit a run: whether it is done; compressed
)

summaries = sa.Table(
    "summaries",
    metadata,
    sa.Column("sweep_id", sa.Integer, sa.ForeignKey("sweeps.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("first_row", sa.BigInteger, primary_key=True),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("content", sa.LargeBinary, nullable=False),  # Arrow, compressed
)
