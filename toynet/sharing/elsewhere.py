"""Forms that take a processor for a while, made by a process of its own: whoever draws frames here is not held up.

Vega's renderer holds the interpreter for most of a second for a picture; a GIF's sixty frames are Python's work.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from toynet.sharing.kinds import KINDS
from toynet.training import Trainer

SLOW = ("png", "svg", "gif", "tensorboard")
"""The names of these forms."""

LONGEST = 120.0
"""Seconds that one may take."""


def make(name: str, trainer: Trainer, said: Mapping[str, Any], picture: str) -> bytes:
    """The bytes of a form (see `Kind.make`), made elsewhere.

    Raises
    ------
    ValueError
        One sentence, if it could not be made.
    """
    asked = pickle.dumps((name, trainer, dict(said), picture))
    here = Path(__file__).parents[2]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "toynet.sharing.elsewhere"],
            input=asked, capture_output=True, cwd=here, timeout=LONGEST, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"{KINDS[name].title} took longer than {LONGEST:g} seconds") from error
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise ValueError(f"{KINDS[name].title} could not be made: {last[:200]}")
    return done.stdout


if __name__ == "__main__":
    kind, run, words, chosen = pickle.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(KINDS[kind].make(run, words, chosen))
