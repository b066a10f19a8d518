"""ToyNet: train the smallest network worth deriving by hand, and see that the derivation is right."""

from toynet.config import Config
from toynet.training import Trainer, train

__all__ = ["Config", "Trainer", "train"]
