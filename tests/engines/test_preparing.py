"""How compiled code becomes ready, when a run waits for it, and that where it cannot be had runs go on in NumPy."""

import importlib
import os
import pty
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from toynet import Config, Trainer, engines, train, training

ROOT = Path(__file__).parents[2]
SMALL = Config(samples=40, epochs=4)
LONG = "toynet.Config(batch_mode='stochastic', epochs=15_000)"
"""A minute in NumPy, a second compiled."""


def in_a_new_process(code, stderr=subprocess.PIPE, **environment):
    """The words that a script prints which begins by importing toynet."""
    command = [sys.executable, "-c", f"import sys, toynet; from toynet import engines; {code}"]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, stdout=subprocess.PIPE, stderr=stderr, text=True, check=True
    )
    return done.stdout.split()


# --- which engine trains -------------------------------------------------------------


def test_a_run_that_starts_when_compiled_code_is_ready_takes_it():
    trainer = Trainer(SMALL)
    assert trainer.engine == "numpy"
    engines.load_from_disk()
    trainer.step()
    assert trainer.engine == "compiled"


def test_a_run_that_began_in_numpy_goes_over_and_says_so():
    trainer, reference = Trainer(SMALL), train(SMALL, engine="reference")
    trainer.step()
    assert trainer.engine == "numpy"
    engines.load_from_disk()
    trainer.run()
    assert trainer.history.engine.unique().tolist() == ["numpy+compiled"]
    for mine, theirs in zip(trainer.parameters, reference.parameters, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(trainer.history.train_loss, reference.history.train_loss, rtol=1e-12)


def test_a_run_that_went_over_stays_there_when_it_is_taken_up_again(monkeypatch):
    trainer = Trainer(SMALL)
    trainer.step()
    engines.load_from_disk()
    trainer.step()
    monkeypatch.setattr(engines, "_ready", threading.Event())  # as in a new process
    again = Trainer.resume(trainer.state())
    again.run()
    trainer.run()
    assert again.engine == trainer.engine == "numpy+compiled"
    assert all(np.array_equal(a, b) for a, b in zip(again.parameters, trainer.parameters, strict=True))


def test_an_engine_that_was_asked_for_is_kept():
    trainer = Trainer(SMALL, engine="numpy")
    trainer.step()
    engines.load_from_disk()
    trainer.run()
    assert trainer.engine == "numpy"


def test_an_unknown_engine_and_one_that_cannot_do_this_are_named():
    task = Trainer(SMALL, rule=lambda *_: None)._task
    with pytest.raises(ValueError, match="engine numpy cannot train this"):
        engines.choose("numpy", task)
    with pytest.raises(ValueError, match="engine must be one of compiled, numpy, reference, not 'abacus'"):
        Trainer(SMALL, engine="abacus")


# --- the loops of several outputs, L2 and momentum -------------------------------------


PLAIN = Trainer(SMALL)._task
THREE = PLAIN._replace(split=PLAIN.split._replace(class_names=("a", "b", "c")))


def test_each_task_waits_for_its_own_loops():
    engines.load_from_disk()
    assert engines.is_ready() and engines.is_ready(PLAIN)
    for other in (THREE, PLAIN._replace(l2=0.1), PLAIN._replace(momentum=0.5)):
        assert not engines.is_ready(other)
        assert engines.choose(None, other).name == "numpy"
    engines.prepare(task=THREE).join()
    for other in (THREE, PLAIN._replace(l2=0.1), PLAIN._replace(momentum=0.5)):
        assert engines.is_ready(other)
        assert engines.choose(None, other).name == "compiled"


def test_a_run_of_three_classes_goes_over_when_its_own_loops_are_ready():
    config = Config(dataset="blobs", classes=3, samples=60, epochs=4, output="softmax", momentum=0.5)
    trainer, reference = Trainer(config), train(config, engine="reference")
    engines.load_from_disk()
    trainer.step()
    trainer.step()
    assert trainer.engine == "numpy"
    engines.prepare(task=trainer._task).join()
    trainer.run()
    assert trainer.engine == "numpy+compiled"
    for mine, theirs in zip(trainer.parameters, reference.parameters, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12, atol=1e-14)


def test_loops_of_several_outputs_do_not_make_the_others_ready():
    assert engines.load_from_disk(THREE) or engines.prepare(task=THREE).join() is None
    assert engines.is_ready(THREE) and not engines.is_ready()
    assert engines.choose(None, PLAIN).name == "numpy"


def test_an_engine_asked_for_by_name_has_the_loops_of_the_task():
    assert engines.choose("compiled", THREE).name == "compiled"
    assert engines.is_ready(THREE) and not engines.is_ready(PLAIN)


def test_a_run_that_is_long_enough_has_its_own_loops_read(monkeypatch):
    engines.prepare(task=THREE).join()  # so that they are on disk
    monkeypatch.setattr(engines, "_ready_general", threading.Event())
    engines.make_ready(engines.WORTH_LOADING / 2, THREE)
    assert not engines.is_ready(THREE)
    engines.make_ready(engines.WORTH_LOADING, THREE)
    assert engines.is_ready(THREE) and not engines.is_ready(PLAIN)


def test_who_needs_no_several_outputs_loads_no_loops_for_them():
    code = "print(engines.prepare().join(), engines.is_ready(), 'toynet.engines.loops_general' in sys.modules)"
    assert in_a_new_process(code) == ["None", "True", "False"]


def test_code_older_than_what_the_loops_share_is_not_used(tmp_path):
    """Numba itself looks at the file of the function alone."""
    engines.prepare(task=THREE).join()
    cached = Path(importlib.import_module("toynet.engines.loops_general").advance._cache.cache_path)
    where = "from toynet.engines.loops_general import advance; print(advance._cache.cache_path)"
    (here,) = map(Path, in_a_new_process(where, NUMBA_CACHE_DIR=str(tmp_path)))
    here.mkdir(parents=True, exist_ok=True)
    for file in cached.glob("loops_general.advance-*"):
        shutil.copy(file, here)
    ask = "task = toynet.Trainer(toynet.Config(samples=40))._task._replace(l2=1.0); print(engines.load_from_disk(task))"
    assert in_a_new_process(ask, NUMBA_CACHE_DIR=str(tmp_path)) == ["True"]
    for index in here.glob("*.nbi"):
        os.utime(index, (1, 1))
    assert in_a_new_process(ask, NUMBA_CACHE_DIR=str(tmp_path)) == ["False"]


# --- when it becomes ready -----------------------------------------------------------


def test_preparing_returns_at_once_and_says_when_it_is_done():
    done = threading.Event()
    engines.prepare(then=done.set)
    assert done.wait(120)
    assert engines.is_ready()


def test_a_run_of_many_small_calls_has_compiled_code_prepared_behind_it(monkeypatch):
    monkeypatch.setattr(training, "PATIENCE", 0.0)
    trainer = Trainer(Config(samples=40))
    trainer.step()
    trainer.step()  # by now it has trained for longer than that
    for thread in threading.enumerate():
        if thread.name == engines.PREPARING:
            thread.join()
    trainer.step()
    assert trainer.engine == "numpy+compiled"


def test_from_an_empty_cache_a_long_run_waits_for_the_compiler_and_the_next_process_reads_what_it_left(tmp_path):
    master, slave = pty.openpty()
    code = f"print(toynet.train({LONG}).engine)"
    assert in_a_new_process(code, stderr=slave, NUMBA_CACHE_DIR=str(tmp_path)) == ["compiled"]
    assert "Compiling the training loops, once" in os.read(master, 1000).decode()
    code += "; from toynet.engines import loops; print(sum(loops.advance.stats.cache_misses.values()))"
    assert in_a_new_process(code, stderr=slave, NUMBA_CACHE_DIR=str(tmp_path)) == ["compiled", "0"]
    os.set_blocking(master, False)
    with pytest.raises(BlockingIOError):  # nothing more was said
        os.read(master, 1000)
    for end in (master, slave):
        os.close(end)
    # A damaged one is emptied by who looks into it, and made anew.
    for index in tmp_path.rglob("*.nbi"):
        index.write_bytes(index.read_bytes()[:100])
    assert in_a_new_process("print(engines.load_from_disk())", NUMBA_CACHE_DIR=str(tmp_path)) == ["False"]
    for index in tmp_path.rglob("*.nbi"):
        index.write_bytes(index.read_bytes()[:100])
    asked = "print(toynet.train(toynet.Config(epochs=2), engine='compiled').engine)"
    assert in_a_new_process(asked, NUMBA_CACHE_DIR=str(tmp_path)) == ["compiled"]


def test_what_is_slow_to_load_is_loaded_by_who_needs_it():
    loaded = "print(*({'numba', 'pandas', 'sklearn', 'altair', 'streamlit'} & set(sys.modules)))"
    assert in_a_new_process(loaded) == []
    assert in_a_new_process("print(toynet.train(toynet.Config(epochs=20)).engine, 'numba' in sys.modules)") == [
        "numpy", "False"
    ]  # fmt: skip


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_process_forked_while_code_is_being_made_ready_can_train():
    code = """
import os, signal
with engines._loading, engines._compiling:  # as a thread of the parent would hold them
    child = os.fork()
if child == 0:
    signal.alarm(60)
    engines.WORTH_LOADING = 0
    os._exit(0 if toynet.train(toynet.Config(epochs=2)).engine == "compiled" else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert in_a_new_process("\n" + code) == ["0"]


# --- where it cannot be had ----------------------------------------------------------


IMPATIENT = "engines.WORTH_LOADING = engines.WORTH_COMPILING = 0; print(toynet.train(toynet.Config(epochs=2)).engine)"


def test_where_numba_is_missing_runs_use_numpy():
    without = "sys.modules['numba'] = None; engines._has_numba = lambda: False; "
    assert in_a_new_process(without + IMPATIENT) == ["numpy"]
    ask = "\ntry: toynet.train(toynet.Config(epochs=2), engine='compiled')\nexcept ValueError as error: print(error)"
    assert "Numba:" in in_a_new_process(without + ask)


def test_where_numba_is_broken_runs_use_numpy():
    assert in_a_new_process("sys.modules['numba'] = None; " + IMPATIENT) == ["numpy"]


def test_where_the_cache_cannot_be_written_runs_use_numpy(tmp_path):
    """Numba looks where these variables say and nowhere else; a file cannot hold a cache."""
    (tmp_path / "file").write_text("")
    nowhere = {
        "NUMBA_CACHE_DIR": str(tmp_path / "file" / "cache"),
        "NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator",
    }
    assert in_a_new_process(IMPATIENT, **nowhere) == ["numpy"]
