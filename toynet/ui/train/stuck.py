"""What is said of hidden units that have stopped learning, beside the numbers: cheap, and without flicker."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from toynet.health import sentences, stuck
from toynet.network import forward
from toynet.ui.train.badge import EVERY, SHARE


@dataclass
class Watch:
    """The last look at a run's hidden units."""

    text: str = ""
    _seen: str = ""
    _update: int = -1
    _next: float = 0.0

    def refresh(self, trainer, is_running):
        """Look at the present units, if it is time; returns the text, "" where all is well.

        While training a text is taken up, or away, once two looks a second apart agree; it may
        come and go from update to update. What stays when training has stopped is true of it.
        """
        if trainer.diverged:
            return ""  # that is said already, with the same remedies
        started = perf_counter()
        if is_running and started < self._next:
            return self.text
        if trainer.update != self._update:
            before, self._seen = self._seen, self._look(trainer)
            self._update = trainer.update
            self._next = perf_counter() + max(EVERY, (perf_counter() - started) / SHARE)
            if self._seen == before:
                self.text = self._seen
        if not is_running:
            self.text = self._seen
        return self.text

    def _look(self, trainer):
        config = trainer.config
        with np.errstate(all="ignore"):
            A1 = forward(trainer.parameters, trainer.split.X_train, config.activation).A1
        return sentences(stuck(A1, config.activation), config.activation, config.momentum)
