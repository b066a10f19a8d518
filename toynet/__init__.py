"""ToyNet: train the smallest network worth deriving by hand, and see that the derivation is right."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toynet.config import Config
    from toynet.training import Trainer, train

__all__ = ["Config", "Trainer", "train"]


def __getattr__(name: str) -> Any:
    """Loaded when it is asked for: NumPy takes a while, and the shell must hear Ctrl-C before that."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from toynet import config, training

    globals().update(Config=config.Config, Trainer=training.Trainer, train=training.train)
    return globals()[name]
