"""What everybody pays besides training: `python tests/benchmarks/overhead.py` prints a table.

Medians; beside each time its ratio to something that cannot be avoided, measured in the same run.
"""

import statistics
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from toynet import Config, Trainer, engines

ROOT = Path(__file__).resolve().parents[2]
LONG = "from toynet import Config, train; print(train(Config(batch_mode='stochastic', epochs=3000)).engine)"


def process(code, repetitions=5):
    """Seconds that a fresh Python takes for some code, and the last word that it prints."""
    took, word = [], ""
    for _ in range(repetitions):
        started = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        took.append(time.perf_counter() - started)
        word = done.stdout.strip()
    return statistics.median(took), word


def milliseconds(work, repetitions=500):
    """Of a call in this process."""
    took = []
    for _ in range(repetitions):
        started = time.perf_counter()
        work()
        took.append(time.perf_counter() - started)
    return 1e3 * statistics.median(took)


def run():
    """A Trainer made, one epoch, its last row taken; the data are those of a run before."""
    trainer = Trainer(Config(epochs=1))
    trainer.run_epoch()
    return trainer.recorded.last


def main():
    """Print the table."""
    engines.load_from_disk()
    numpy, _ = process("import numpy")
    toynet, _ = process("import toynet")
    learning, _ = process("import sklearn.datasets, sklearn.model_selection")
    whole, engine = process(LONG)
    one = milliseconds(run)
    trainer = Trainer(Config(epochs=1))
    measured = milliseconds(trainer.present)
    print("| what | time | beside |\n|---|---|---|")
    print(f"| `import toynet`, fresh process | {toynet:.2f} s | `import numpy` {numpy:.2f} s ({toynet / numpy:.1f}) |")
    print(f"| 3,000 stochastic epochs, fresh ({engine}) | {whole:.2f} s | `import sklearn…` {learning:.2f} s |")
    print(
        f"| a run's own overhead | {one:.2f} ms | measuring the network once {measured:.2f} ms ({one / measured:.1f}) |"
    )


if __name__ == "__main__":
    main()
