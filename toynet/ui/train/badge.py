"""The gradient check beside the numbers of the Train page: true while training runs, and cheap."""

from dataclasses import dataclass
from time import perf_counter

import numpy as np

from toynet.derivation.gradient_check import CANNOT_BE_CHECKED, check, few_rows, overall, worst
from toynet.derivation.numerals import text

EVERY = 1.0
"""Seconds between two checks while training."""

SHARE = 0.02
"""Of all time, what checks may take."""


def label(checked):
    """The badge: its class (right, wrong, unknown) and its words, "Gradient check ✓ 2e-9"."""
    name, found = worst(checked)
    if not found.is_known:
        return "unknown", f"Gradient {CANNOT_BE_CHECKED}"
    if found.passes:
        return "right", f"Gradient check ✓ {text(overall(checked), 1)}"
    return "wrong", f"Gradient check ✗ {name} {text(found.error, 1)}"


@dataclass
class Badge:
    """The last check of a run."""

    text: tuple[str, str] = ("unknown", "")
    _update: int = -1
    _turn: int = 0
    _next: float = 0.0

    def refresh(self, trainer, is_running):
        """Check the present parameters, if they are new and it is time; returns class and words.

        Once training has stopped the next frame checks at once, so that the text that
        stays belongs to the numbers that stay.
        """
        started = perf_counter()
        if trainer.update == self._update or (is_running and started < self._next):
            return self.text
        parameters, split, activation = trainer.parameters, trainer.split, trainer.config.activation
        rows = few_rows(split.y_train.size, parameters.W2.size, self._turn)
        with np.errstate(all="ignore"):
            self.text = label(check(parameters, split.X_train[rows], split.y_train[rows], activation))
        self._update, self._turn = trainer.update, self._turn + 1
        ended = perf_counter()
        self._next = ended + max(EVERY, (ended - started) / SHARE)
        return self.text
