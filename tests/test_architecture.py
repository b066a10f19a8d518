"""Who may import whom."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

from tests.readme import rooms

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "toynet").rglob("*.py"))
MODULES = {".".join(f.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): f for f in FILES}
LIBRARY = [name for name in MODULES if not name.startswith("toynet.ui")]


def imports(path, package=""):
    """Full names of what a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            base = ".".join(part for part in (base, node.module) if part)
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def known(name):
    """The module of ToyNet that an imported name is, or is defined in; None for others'."""
    while name and name not in MODULES:
        name = name.rpartition(".")[0]
    return name or None


def package(module):
    return module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]


GRAPH = {m: {known(name) for name in imports(path, package(m))} - {None, m} for m, path in MODULES.items()}


def reached(module):
    """All modules of ToyNet that a module needs, itself included."""
    done, todo = set(), [module]
    while todo:
        now = todo.pop()
        if now not in done:
            done.add(now)
            todo += GRAPH[now]
    return done


def test_there_is_something_to_look_at():
    assert {"toynet.network", "toynet.training", "toynet.charts.boundary"} <= set(LIBRARY)
    assert "toynet.activations" in GRAPH["toynet.network"]
    assert {"toynet.datasets.csv_files"} <= GRAPH["toynet.datasets"]


def test_library_knows_no_screen():
    for module in LIBRARY:
        outside = {name.split(".")[0] for name in imports(MODULES[module], package(module))}
        assert "streamlit" not in outside, module
        assert not any(name.startswith("toynet.ui") for name in GRAPH[module]), module


def test_only_the_dashboard_and_the_pages_import_streamlit():
    own = [p for p in ROOT.glob("*.py") if any(name.split(".")[0] == "streamlit" for name in imports(p))]
    assert [p.name for p in own] == ["dashboard.py"]


def test_imports_have_no_cycles():
    list(TopologicalSorter(GRAPH).static_order())  # raises CycleError


ROOMS = rooms()


def room(module):
    """The number of the set that a module, or the package that it is in, belongs to."""
    name = module.removeprefix("toynet").lstrip(".").partition(".")[0] or "__init__"
    return next(number for number, names in enumerate(ROOMS) if name in names)


def test_imports_point_down():
    up = {m: {needed for needed in GRAPH[m] if needed != "toynet" and room(needed) > room(m)} for m in MODULES}
    assert {module: needed for module, needed in up.items() if needed} == {}


def test_the_derivation_needs_nothing_that_trains():
    assert not reached("toynet.derivation.quantities") & {"toynet.training", "toynet.engines"}


def test_the_store_of_runs_knows_neither_a_screen_nor_the_mathematics():
    mathematics = {"network", "activations", "measuring", "derivation", "charts", "health", "pacing"}
    for module in (m for m in LIBRARY if m.startswith("toynet.runs")):
        rooms_needed = {needed.split(".")[1] for needed in GRAPH[module] if "." in needed}
        assert not rooms_needed & (mathematics | {"ui"}), module


def test_nothing_but_the_shell_and_the_pages_needs_the_pages():
    assert not any("toynet.ui" in needed for m in LIBRARY for needed in reached(m))


def test_library_and_its_charts_load_where_streamlit_is_missing():
    # What is Alembic's is loaded by Alembic.
    names = [m for m in LIBRARY if m != "toynet.__main__" and not m.startswith("toynet.runs.migrations")]
    code = f"import sys; sys.modules['streamlit'] = None; import {', '.join(names)}, toynet.__main__"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_names_that_scripts_and_notebooks_use_are_there():
    import toynet
    from toynet import datasets, network, training
    from toynet.derivation import gradient_check

    assert toynet.Config and toynet.Trainer is training.Trainer and toynet.train is training.train
    assert {"runs", "history", "trainer"} <= set(dir(toynet.Store))
    assert network.Parameters._fields == ("W1", "b1", "W2", "b2")
    assert network.Forward._fields == ("A0", "Z1", "A1", "Z2", "y_hat")
    assert network.Gradients._fields == ("dC_dW1", "dC_db1", "dC_dW2", "dC_db2")
    assert datasets.Split._fields[:4] == ("X_train", "y_train", "X_test", "y_test")
    assert callable(gradient_check.relative_errors) and callable(network.initialise)
