"""Which engine trains a run, and how the compiled one becomes ready without anybody waiting.

All engines have the interface of `NumpyEngine` and make the same updates: their
parameters agree to 1e-12.
"""

import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path

from toynet.engines.reference import ReferenceEngine
from toynet.engines.vectorised import NumpyEngine

ENGINES = ("compiled", "numpy", "reference")

_ready = threading.Event()
_preparing = threading.Lock()


def choose(name=None):
    """The class of the engine of this name, or of the fastest that is ready now.

    Asked for by name, the compiled engine is waited for: seconds where it must be
    compiled, half a second where it is on disk already.

    Raises
    ------
    ValueError
        If there is no such engine, or Numba is not installed.
    """
    if name == "numpy" or (name is None and not _ready.is_set()):
        return NumpyEngine
    if name == "reference":
        return ReferenceEngine
    if name not in (None, "compiled"):
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, not {name!r}")
    if not _ready.is_set():
        _load()
    from toynet.engines.compiled import CompiledEngine

    return CompiledEngine


def prepare(then=None):
    """Start making the compiled engine ready in the background; returns at once.

    A process of its own compiles into the disk cache, so that this one keeps its
    interpreter to itself; then the code is loaded from there. Where Numba is missing
    or the cache cannot be written, runs go on using NumPy.

    Parameters
    ----------
    then : callable, optional
        Called without arguments when the engine is ready.
    """
    threading.Thread(target=_prepare, args=(then,), daemon=True).start()


def wait(seconds):
    """Wait up to so long for `prepare`; returns whether the compiled engine is ready."""
    return _ready.wait(seconds)


def _prepare(then):
    if importlib.util.find_spec("numba") is None:
        return
    with _preparing:
        compiling = [sys.executable, "-m", "toynet.engines.compiled"]
        nice = ["nice", "-n", "10"] if os.name == "posix" else []
        here = Path(__file__).parents[2]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        if subprocess.run(nice + compiling, cwd=here, check=False, **quiet).returncode:
            return
        _load()
    if then:
        then()


def _load():
    """Import and run the compiled engine once."""
    if importlib.util.find_spec("numba") is None:
        raise ValueError("engine compiled needs Numba: pip install numba")
    from toynet.engines.compiled import warm

    warm()
    _ready.set()
