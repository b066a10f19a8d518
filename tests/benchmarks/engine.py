"""How fast is fast: `python tests/benchmarks/engine.py` trains the same network with every library and prints a table.

Medians of interleaved repetitions; only ratios within a run mean anything. The C limit
(`limit.c`, where gcc is installed) is the fastest of two loop shapes times two ways to
tanh. PyTorch and JAX are measured where they are installed, TensorFlow Playground where
`--playground` says where its `src/nn.ts` is and Node is installed.
"""

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import statistics
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.contestants import D, compiled, contestants, data, engine  # before NumPy: it sets one thread

MODES = {"full": 0, "batch 32": 32, "batch 10": 10, "stochastic": 1}
SIZES = (4, 8, 32)
SEVERAL = ((16, 3), (16, 6), (32, 10))
"""Hidden units and outputs."""


def epochs_for(name, h, batch):
    """Few enough epochs to be quick, many enough to measure."""
    slow = {"scikit-learn": 20, "pytorch": 20, "reference": 60, "numpy": 100}.get(name, 400)
    return max(1, slow // (1 if batch in (0, 32) else 4 if batch == 10 else 20 if slow < 400 else 4))


def table(options):
    """Microseconds an epoch of everybody, and how many times the compiled engine is as fast."""
    with tempfile.TemporaryDirectory() as folder:
        everybody, took = contestants(folder, options.playground), {}
        for _ in range(options.repetitions):
            for h in SIZES:
                for mode, batch in MODES.items():
                    for name, contestant in everybody.items():
                        us = contestant(h, batch, epochs_for(name, h, batch))
                        took.setdefault((h, mode, name), []).append(us)
    print("\nMicroseconds an epoch (in brackets: times the compiled engine's)\n")
    print(f"| h | mode | {' | '.join(everybody)} |\n|---|---|{'---|' * len(everybody)}")
    for h in SIZES:
        for mode in MODES:
            middle = {name: statistics.median(took[h, mode, name]) for name in everybody}
            ours = middle["compiled"]
            cells = [f"{us:,.1f}" if us == ours else f"{us:,.1f} ({us / ours:,.2f})" for us in middle.values()]
            print(f"| {h} | {mode} | {' | '.join(cells)} |")


def several(options):
    """The same of several outputs, softmax, and what L2 and momentum add."""
    with tempfile.TemporaryDirectory() as folder:
        found, took = contestants(folder), {}
        everybody = {name: found[name] for name in ("compiled", "numpy", "scikit-learn", "jax") if name in found}
        shapes = [(h, k, mode) for h, k in SEVERAL for mode in MODES]
        for _ in range(options.repetitions):
            for h, k, mode in shapes:
                for name, contestant in everybody.items():
                    us = contestant(h, MODES[mode], epochs_for(name, h, MODES[mode]), k)
                    took.setdefault((h, k, mode, name), []).append(us)
    print("\nMicroseconds an epoch with k outputs, softmax (in brackets: times the compiled engine's)\n")
    print(f"| h | k | mode | {' | '.join(everybody)} |\n|---|---|---|{'---|' * len(everybody)}")
    for h, k, mode in shapes:
        middle = [statistics.median(took[h, k, mode, name]) for name in everybody]
        cells = [f"{us:,.1f}" if us == middle[0] else f"{us:,.1f} ({us / middle[0]:,.2f})" for us in middle]
        print(f"| {h} | {k} | {mode} | {' | '.join(cells)} |")


def added(options):
    """One output: time with L2 and momentum, which are in loops of their own, over the time without."""
    print("\nOne output: time with L2 and momentum over the time without\n")
    print(f"| h | {' | '.join(MODES)} |\n|---|{'---|' * len(MODES)}")
    for h in SIZES:
        cells = []
        for batch in MODES.values():
            ratios = [
                engine("compiled", h, batch, 500, l2=1e-3, momentum=0.9) / engine("compiled", h, batch, 500)
                for _ in range(options.repetitions)
            ]
            cells.append(f"{statistics.median(ratios):.2f}")
        print(f"| {h} | {' | '.join(cells)} |")


def history(options):
    """Measuring every epoch: 300 training and 100 test samples, with over without."""
    print("\nTime with the history measured every epoch over the time without\n")
    print(f"| h | {' | '.join(MODES)} |\n|---|{'---|' * len(MODES)}")
    split = data(300, D, 100)
    for h in SIZES:
        cells = []
        for batch in MODES.values():
            epochs = 500 if batch != 1 else 100
            ratios = [
                engine("compiled", h, batch, epochs, split, 1) / engine("compiled", h, batch, epochs, split)
                for _ in range(4 * options.repetitions)
            ]
            cells.append(f"{statistics.median(ratios):.2f}")
        print(f"| {h} | {' | '.join(cells)} |")


def scale(options):
    """Cost a sample from a thousand to a million samples."""
    print("\nNanoseconds a sample\n\n| h | samples | full | batch 32 | stochastic |\n|---|---|---|---|---|")
    for h in (8, 32, 256):
        for m in (1_000, 30_000, 1_000_000):
            split, cells = data(m), []
            for batch in (0, 32, 1):
                epochs = max(1, 60_000 // m)
                times = [engine("compiled", h, batch, epochs, split) for _ in range(min(options.repetitions, 3))]
                cells.append(f"{statistics.median(times) * 1e3 / m:.1f}")
            print(f"| {h} | {m:,} | {' | '.join(cells)} |")


def memory(options):
    """What training on a million samples adds to the memory that their data take."""
    print("\nMemory that training on 1,000,000 samples adds, over that of the data\n")
    print("| h | full | batch 32 | stochastic |\n|---|---|---|---|")
    split = data(1_000_000)
    size = sum(part.nbytes for part in split[:4])
    for h in (8, 256):
        cells = [f"{_added('compiled', h, batch, 1, split) / size:.2f}" for batch in (0, 32, 1)]
        print(f"| {h} | {' | '.join(cells)} |")


def _added(*work):
    """Bytes by which this process grows, at most, while an engine works."""
    process, thread = psutil.Process(), threading.Thread(target=engine, args=work)
    before = peak = process.memory_info().rss
    thread.start()
    while thread.is_alive():
        peak = max(peak, process.memory_info().rss)
        time.sleep(0.001)
    return peak - before


def threads(options):
    """Two trainings at once: their speed together over that of one, by the wall clock."""
    work = (8, 32, 20_000)
    gains = []
    for _ in range(options.repetitions):
        started = time.perf_counter()
        compiled(*work)
        one = time.perf_counter() - started
        pair = [threading.Thread(target=compiled, args=work) for _ in range(2)]
        started = time.perf_counter()
        for thread in pair:
            thread.start()
        for thread in pair:
            thread.join()
        gains.append(2 * one / (time.perf_counter() - started))
    print(f"\nTwo threads train {statistics.median(gains):.2f} times as fast as one.")


def processor():
    """The processor's name, family and model where the system tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    told = dict([part.strip() for part in line.split(":", 1)] for line in lines if ":" in line)
    return f"{told.get('model name', platform.machine())} (family {told.get('cpu family')}, model {told.get('model')})"


SECTIONS = {f.__name__: f for f in (table, several, added, history, scale, memory, threads)}


def main():
    """Print the machine, then the sections asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="print only these")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--playground", metavar="nn.ts", help="TensorFlow Playground's src/nn.ts")
    options = parser.parse_args()
    modules = [name for name in ("numpy", "sklearn", "numba", "torch", "jax") if importlib.util.find_spec(name)]
    versions = [f"{m} {importlib.metadata.version({'sklearn': 'scikit-learn'}.get(m, m))}" for m in modules]
    cores = f"{os.cpu_count()} x {processor()}, load {os.getloadavg()[0]:.1f}"
    print(f"{date.today()}, {cores}, Python {platform.python_version()}, {', '.join(versions)}")
    for section in options.only:
        SECTIONS[section](options)


if __name__ == "__main__":
    main()
