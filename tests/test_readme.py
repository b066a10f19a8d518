"""The README keeps its word: its example and its shell lines run, and its layout is what is there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd

from tests.readme import code, section

ROOT = Path(__file__).parents[1]


def run(command, folder):
    path = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=folder, env=os.environ | path, capture_output=True, text=True, check=True)


def test_the_example_of_the_library_runs(tmp_path, own_store):
    lines = code("The library in ten lines", "python").splitlines()
    printed = run([sys.executable, "-c", "\n".join(lines)], tmp_path).stdout
    assert "train_loss" in printed and "'W1': " in printed
    assert pd.read_csv(tmp_path / "penguins-run.csv").target.unique().tolist() == ["sex"]


def test_the_lines_for_the_shell_run(tmp_path, own_store):
    lines = code("The shell", "sh").splitlines()
    assert len(lines) >= 2
    for line in lines:
        python, *arguments = shlex.split(line)
        assert python == ".venv/bin/python", line
        run([sys.executable, *arguments], tmp_path)
        assert len(pd.read_csv(tmp_path / arguments[-1])) > (100 if "train" in arguments else 0), line


def listed():
    """Paths that the layout names: a file or folder a line, and files named in the line of their folder."""
    found, folders = set(), []
    for line in re.findall(r"^    (.*)$", section("The layout"), flags=re.MULTILINE):
        depth = (len(line) - len(line.lstrip())) // 2
        name, *words = line.split()
        if depth > 3:  # goes on with the line above
            words, parent = [name, *words], "".join(folders)
        else:
            folders[depth:] = [name] if name.endswith("/") else []
            parent = "".join(folders[:depth])
            found.add(f"{parent}{name}")
            parent += name
        if parent.endswith("/"):
            found |= {f"{parent}{word}" for word in re.findall(r"\b\w+\.py\b", " ".join(words)) if "/ui/" in parent}
    return found


def test_the_layout_names_every_file_and_nothing_else():
    def has(path):
        assert path.exists(), path
        return path

    files = {str(path.relative_to(ROOT)) for path in (ROOT / "toynet").rglob("*.py") if path.name != "__init__.py"}
    named = {str(has(ROOT / name).relative_to(ROOT)) for name in listed()}
    assert {name for name in named if name.startswith("toynet/") and name.endswith(".py")} == files
    at_the_top = {path.name for path in ROOT.iterdir() if not path.name.startswith(".") and path.name != "__pycache__"}
    assert at_the_top <= {name.partition("/")[0] for name in named} | {"README.md", "requirements.txt"}
