"""ToyNet: train the smallest network worth deriving by hand, and see that the derivation is right."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toynet.config import Config
    from toynet.estimator import ToyNetClassifier
    from toynet.many.sweep import sweep
    from toynet.runs.store import Store
    from toynet.training import Trainer, train

__all__ = ["Config", "Store", "ToyNetClassifier", "Trainer", "sweep", "train"]

_WHERE = {
    "Config": "config",
    "Store": "runs.store",
    "ToyNetClassifier": "estimator",
    "Trainer": "training",
    "sweep": "many.sweep",
    "train": "training",
}


def __getattr__(name: str) -> Any:
    """Loaded when it is asked for: NumPy takes a while, and the shell must hear Ctrl-C before that."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(import_module(f"toynet.{_WHERE[name]}"), name)
    return globals()[name]
