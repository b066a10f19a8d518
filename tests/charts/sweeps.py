"""A sweep's results, made up at once."""

import numpy as np

from toynet.many.grid import Grid
from toynet.many.results import Results
from toynet.many.summary import LEVELS, Summary

TWO = {"learning_rate": [0.01, 0.1, 1.0, 10.0], "hidden_size": [2, 8, 32]}
THREE = TWO | {"activation": ["tanh", "relu"]}


def swept(settings, seeds=3, done=1.0, diverged=lambda values, seed: False):
    """Results of which a share is done; a run's test loss is 0.1 + cell / 100 + seed / 1000."""
    results = Results(Grid.of(settings, seeds))
    grid = results.grid
    for number in range(round(grid.runs * done)):
        cell, seed = number % grid.cells, grid.seed(number)
        loss = 0.1 + cell / 100 + seed / 1000
        reached = tuple(int(10 / level) if level > loss else -1 for level in LEVELS)
        state = "diverged" if diverged(grid.values(cell), seed) else "finished"
        figures = (100, 100, 0.01, 0.8 * loss, loss, 1 - loss / 2, 1 - loss, 0.9 * loss, 50.0)
        results.add([Summary(number, *figures, state, "compiled", reached)])
    return results


def column(table, name):
    return np.array(table[name].to_pylist())
