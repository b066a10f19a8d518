"""Which engine trains a run, and how compiled code becomes ready: from the disk, in the background, or waited for."""

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from toynet.config import Config
from toynet.datasets import Split
from toynet.engines.engine import PLAIN, Engine, Progress, Rows, Task, begin, order_state
from toynet.engines.reference import ReferenceEngine
from toynet.engines.vectorised import NumpyEngine
from toynet.network import Rule

__all__ = [
    "ENGINES", "Engine", "Progress", "Rows", "Task",
    "begin", "check", "choose", "is_ready", "load_from_disk", "make_ready", "order_state", "prepare", "task",
]  # fmt: skip

ENGINES = ("compiled", "numpy", "reference")
"""By name, the fastest first."""

WORTH_LOADING, WORTH_COMPILING = 1.0, 40.0
"""Seconds that NumPy would train from which on a run waits for compiled code: for reading it from the disk
(about half a second, Numba included), and for having it compiled (some 10 to 25, once)."""

PREPARING = "toynet prepares compiled code"
"""Name of the threads that do."""

_ready, _ready_general, _impossible = threading.Event(), threading.Event(), threading.Event()
_loading, _compiling = threading.Lock(), threading.Lock()


def _after_fork() -> None:
    """A fork copies locks as they are held, but not the threads that would let them go."""
    global _loading, _compiling
    _loading, _compiling = threading.Lock(), threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def choose(name: str | None, task: Task) -> type[Engine]:
    """The class of the engine of this name, or of the fastest one that is ready now and can do this.

    Asked for by name, the compiled engine is waited for: seconds where the task's loops must
    be compiled, half a second where they are on disk already.

    Raises
    ------
    ValueError
        If there is no such engine, it cannot do this, or Numba is not installed.
    """
    check(name)
    if name == "compiled":
        _load(task.loops)
    for candidate in ENGINES if name is None else (name,):
        if candidate != "compiled" or is_ready(task):
            engine = _engine(candidate)
            if engine.can(task):
                return engine
    raise ValueError(f"engine {name} cannot train this: {task.activation}" + (", another rule" if task.rule else ""))


def task(config: Config, split: Split, rule: Rule | None = None) -> Task:
    """What an engine has to do for a run of these settings on these data."""
    batch, is_shuffled = config.batch(split.y_train.size), config.batch_mode != "full"
    return Task(
        split,
        config.activation,
        batch,
        is_shuffled,
        config.record_every,
        rule,
        config.output,
        config.l2,
        config.momentum,
    )


def check(name: str | None) -> None:
    """Raise ValueError if no engine has this name."""
    if name not in (None, *ENGINES):
        raise ValueError(f"engine must be one of {', '.join(ENGINES)}, not {name!r}")


def _engine(name: str) -> type[Engine]:
    if name == "compiled":
        from toynet.engines.compiled import CompiledEngine

        return CompiledEngine
    return NumpyEngine if name == "numpy" else ReferenceEngine


# --- making compiled code ready ------------------------------------------------------


# There are two modules of loops (`LOOPS`), compiled apart, so that nobody waits for what no run of theirs needs. All of
# the following is about a task's own loops; without a task about those of one output and a plain update.


def is_ready(task: Task | None = None) -> bool:
    """Whether compiled code can be used at once, for this task."""
    return _event(_loops(task)).is_set()


def _loops(task: Task | None) -> str:
    return task.loops if task else PLAIN


def _event(loops: str) -> threading.Event:
    """What is set when these loops are ready."""
    return _ready if loops == PLAIN else _ready_general


def prepare(then: Callable[[], object] | None = None, task: Task | None = None) -> threading.Thread:
    """Start making the compiled engine ready in the background; returns at once.

    What is not on disk is compiled there by a process of its own, so that this one keeps
    its interpreter to itself. Where Numba is missing or the cache cannot be written, runs
    go on using NumPy.

    Parameters
    ----------
    then : callable, optional
        Called without arguments when the engine is ready.
    task : Task, optional
        Whose loops are wanted.

    Returns
    -------
    threading.Thread
        It ends when the engine is ready, or cannot be.
    """
    thread = threading.Thread(target=_prepare, args=(then, _loops(task)), name=PREPARING, daemon=True)
    thread.start()
    return thread


def make_ready(seconds: float, task: Task) -> None:
    """Have compiled code where a run is long enough for it.

    It is read from the disk where it is there. Where it must be compiled, a long run waits
    for that (and says so, on a terminal), a shorter one goes on in NumPy meanwhile.

    Parameters
    ----------
    seconds : float
        How long NumPy would train.
    task : Task
    """
    if seconds < WORTH_LOADING or load_from_disk(task) or _impossible.is_set() or not _can_be_compiled(task):
        return
    compiling = prepare(task=task)
    if seconds >= WORTH_COMPILING:
        if sys.stderr.isatty():
            print("Compiling the training loops, once: about 20 seconds.", file=sys.stderr)
        compiling.join()


def _can_be_compiled(task: Task) -> bool:
    """Whether there are loops for this, and a Numba that works to compile them."""
    try:
        return _engine("compiled").can(task)
    except (ImportError, RuntimeError):
        return False


def _has_numba() -> bool:
    return importlib.util.find_spec("numba") is not None


def _prepare(then: Callable[[], object] | None, loops: str) -> None:
    with _compiling:
        if not _read(loops):
            if not _has_numba() or _impossible.is_set():
                return
            if not _compile_elsewhere(loops):
                _impossible.set()
                return
            _load(loops)
    if then:
        then()


def _compile_elsewhere(loops: str) -> bool:
    """Compile into the disk cache in a process of its own; returns whether that could be done."""
    compiling = [sys.executable, "-m", "toynet.engines.compiled", loops]
    nice = ["nice", "-n", "10"] if os.name == "posix" else []
    here = Path(__file__).parents[2]
    nowhere = subprocess.DEVNULL
    environment = dict(os.environ)
    if "NUMBA_CACHE_DIR" in environment:  # may be relative to where this process is
        environment["NUMBA_CACHE_DIR"] = os.path.abspath(environment["NUMBA_CACHE_DIR"])
    done = subprocess.run(
        nice + compiling, cwd=here, env=environment, check=False, stdin=nowhere, stdout=nowhere, stderr=nowhere
    )
    return done.returncode == 0


def load_from_disk(task: Task | None = None) -> bool:
    """Make ready what is compiled already; returns whether there is such a thing."""
    return _read(_loops(task))


def _read(loops: str) -> bool:
    """Make these loops ready if they are on disk; returns whether they are ready."""
    with _loading:
        if not _event(loops).is_set():
            if not _has_numba():
                return False
            try:
                from toynet.engines import compiled
            except (ImportError, RuntimeError):  # Numba broken, or without any place for its cache
                return False
            if not compiled.is_on_disk(loops):
                return False
            compiled.warm(loops)
            _event(loops).set()
    return True


def _load(loops: str) -> None:
    """Make these loops ready here and now."""
    if not _has_numba():
        raise ValueError("engine compiled needs Numba: pip install numba")
    with _loading:
        if not _event(loops).is_set():
            from toynet.engines.compiled import warm

            warm(loops)
            _event(loops).set()
