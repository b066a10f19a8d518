"""The gradient check beside the numbers of the Train page: true while training runs, and cheap."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from toynet.derivation import verdicts
from toynet.derivation.gradient_check import FEW, check, few_rows

EVERY = 1.0
"""Seconds between two checks while training."""

SHARE = 0.02
"""Of all time, what checks may take."""


AT_REST = 80_000
"""Hidden activations, rows x h, in a check while training stands still: a few hundredths of a second."""


def label(checked, rows, m):
    """The badge: right, wrong or unknown, and its words, "Gradient check ✓ relative error 1.8e-7 in b1".

    The number is the one that the Derivation page shows for this parameter, where all m samples were checked;
    where only some were, it says so.
    """
    kind, line = verdicts.badge(checked)
    some = f", over {rows:,} of {m:,} samples" if rows < m else ""
    return kind, line + some


@dataclass
class Badge:
    """The last check of a run."""

    text: tuple[str, str] = ("unknown", "")
    _of: tuple[int, int] = (-1, 0)
    _turn: int = 0
    _next: float = 0.0

    def refresh(self, trainer, is_running):
        """Check the present parameters, if they are new and it is time; returns class and words.

        Once training has stopped the next frame checks at once, and more samples, so that the
        text that stays belongs to the numbers that stay.
        """
        started = perf_counter()
        split, config = trainer.split, trainer.config
        m, most = split.y_train.size, FEW if is_running else AT_REST
        rows = few_rows(m, config.hidden_size, self._turn, most, split.outputs)
        if (trainer.update, rows.size) == self._of or (is_running and started < self._next):
            return self.text
        with np.errstate(all="ignore"):
            X, y, of_cost = split.X_train[rows], split.y_train[rows], {"output": config.output, "l2": config.l2}
            checked = check(trainer.parameters, X, y, config.activation, **of_cost)
        self.text = label(checked, rows.size, m)
        self._of, self._turn = (trainer.update, rows.size), self._turn + 1
        ended = perf_counter()
        self._next = ended + max(EVERY, (ended - started) / SHARE)
        return self.text
