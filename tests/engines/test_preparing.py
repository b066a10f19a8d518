"""How the compiled engine becomes ready: in the background, and where it cannot, runs go on with NumPy."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from toynet import Config, Trainer, engines, train

ROOT = Path(__file__).parents[2]


def test_runs_use_numpy_until_the_compiled_engine_is_ready_and_never_change_horses():
    early = Trainer(Config(samples=40, epochs=4))
    assert early.engine == "numpy"
    early.step()
    engines.choose("compiled")
    engines._ready.set()
    early.run()
    assert early.history.engine.unique().tolist() == ["numpy"]
    assert train(Config(samples=40, epochs=4)).history.engine.unique().tolist() == ["compiled"]


def test_a_run_that_starts_later_takes_what_is_ready_then():
    trainer = Trainer(Config(samples=40))
    engines._ready.set()
    trainer.step()
    assert trainer.engine == "compiled"


def test_preparing_returns_at_once_and_says_when_it_is_done():
    done = threading.Event()
    engines.prepare(then=done.set)
    assert done.wait(120)
    assert engines.wait(0)


def test_where_numba_is_missing_runs_use_numpy(monkeypatch):
    monkeypatch.setattr(engines.importlib.util, "find_spec", lambda name: None)
    engines._prepare(then=lambda: pytest.fail("nothing is ready"))
    assert not engines.wait(0)
    assert train(Config(samples=40, epochs=2)).engine == "numpy"
    with pytest.raises(ValueError, match="Numba"):
        Trainer(Config(samples=40), engine="compiled").step()


def test_where_the_cache_cannot_be_written_runs_use_numpy(monkeypatch, tmp_path):
    """Numba looks where these variables say and nowhere else; a file cannot hold a cache."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file" / "cache"))
    monkeypatch.setenv("NUMBA_CACHE_LOCATOR_CLASSES", "UserProvidedCacheLocator")
    engines._prepare(then=lambda: pytest.fail("nothing is ready"))
    assert not engines.wait(0)


def test_an_unknown_engine_is_named():
    with pytest.raises(ValueError, match="engine must be one of compiled, numpy, reference, not 'abacus'"):
        Trainer(Config(samples=40), engine="abacus").step()


def test_the_library_loads_where_numba_is_missing():
    code = "import sys; sys.modules['numba'] = None; import toynet; print(toynet.train(toynet.Config(epochs=2)).engine)"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.split() == ["numpy"]


def test_compiling_needs_nothing_but_the_cache(tmp_path):
    """From an empty cache: compile in one process, read in the next, where it must be a hit."""
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    code = (
        "from toynet.engines import compiled, loops; compiled.warm(); "
        "print(sum(loops.advance.stats.cache_hits.values()), sum(loops.advance.stats.cache_misses.values()))"
    )
    counts = []
    for _ in range(2):
        run = [sys.executable, "-c", code]
        result = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        counts.append(result.stdout.split())
    assert counts == [["0", "1"], ["1", "0"]]
