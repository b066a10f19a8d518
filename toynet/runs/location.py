"""Which database is meant, and what goes wrong with it in words: known before SQLAlchemy is loaded."""

import os
from pathlib import Path

VARIABLE = "TOYNET_DATABASE_URL"
"""The environment variable that names another database than the default one."""

DEFAULT = Path(__file__).parents[2] / "data" / "runs.db"


class StoreError(ValueError):
    """One sentence: why the store cannot be used, and what to do."""


class Taken(StoreError):
    """A run that is trained, or has been, by somebody else."""


class Gone(StoreError):
    """A run of which the store has not the rows that it had: who trains it tells it the whole run again."""


def url_of(url: str | None = None) -> str:
    """The database that is meant: this one, the environment's, or the default one."""
    return url or os.environ.get(VARIABLE) or f"sqlite:///{DEFAULT}"


def file_of(url: str | None = None) -> Path | None:
    """The file in which that database lies, where it is one."""
    scheme, _, rest = url_of(url).partition(":///")
    path = rest.partition("?")[0]
    return Path(path) if scheme.startswith("sqlite") and path not in ("", ":memory:") else None
