"""The moment of an experiment that the Derivation page shows: read once a run of the page, then left alone."""

from dataclasses import dataclass

import numpy as np

from toynet.config import Config
from toynet.datasets import Split
from toynet.derivation.form import form_of
from toynet.network import Parameters
from toynet.runs.records import status


@dataclass(frozen=True)
class Moment:
    """What an experiment was at.

    Attributes
    ----------
    parameters : Parameters
    split : Split
    config : Config
    epoch, update : int
    is_running : bool
    how : str
        "paused", or that one looks back at it.
    v : Parameters or None
        The velocity, where there is momentum and there was an update.
    """

    parameters: Parameters
    split: Split
    config: Config
    epoch: int
    update: int
    is_running: bool
    how: str = "paused"
    v: Parameters | None = None

    @classmethod
    def of(cls, experiment):
        """Read an experiment between two of its updates."""
        with experiment.lock.turn():
            trainer = experiment.shown
            parameters = Parameters(*(np.array(p) for p in trainer.parameters))
            how = "looking back" if experiment.back else status(trainer, is_running=False)
            v = trainer.state(len(trainer.recorded)).progress.velocity if trainer.config.momentum else None
            return cls(
                parameters, trainer.split, trainer.config, trainer.epoch, trainer.update, experiment.running, how, v
            )  # fmt: skip

    @property
    def activation(self):
        """Name of g."""
        return self.config.activation

    @property
    def h(self):
        """Number of hidden units."""
        return self.config.hidden_size

    @property
    def form(self):
        """Which derivation it is."""
        return form_of(self.parameters, self.config.output, self.config.l2, self.config.momentum)

    @property
    def of_cost(self):
        """What the cost depends on beside parameters and samples: `output` and `l2`, by name."""
        return {"output": self.form.output, "l2": self.config.l2}

    @property
    def of_update(self):
        """What an update depends on beside the gradient of C: `learning_rate` and all terms, by name."""
        terms = {"learning_rate": self.config.learning_rate, "momentum": self.config.momentum, "v": self.v}
        return self.of_cost | terms

    @property
    def everything(self):
        """(parameters, X, y, activation) of all training samples."""
        return self.parameters, self.split.X_train, self.split.y_train, self.activation

    @property
    def batch(self):
        """Samples that an update sees."""
        return self.config.batch(self.split.y_train.size)

    def chosen(self, sample):
        """(parameters, X, y, activation) of one training sample, or of all where it is None."""
        if sample is None:
            return self.everything
        rows = slice(sample, sample + 1)
        return self.parameters, self.split.X_train[rows], self.split.y_train[rows], self.activation
