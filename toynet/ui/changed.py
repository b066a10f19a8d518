"""In plain English: why a new run starts."""

from toynet.activations import ACTIVATIONS, OUTPUTS
from toynet.config import DATASETS, Config
from toynet.training import IN_MID_RUN

LABELS = {
    "dataset": "Dataset",
    "samples": "Samples",
    "noise": "Noise",
    "test_fraction": "Test share",
    "data_seed": "Data seed",
    "hidden_size": "Hidden size",
    "activation": "Activation",
    "init_seed": "Initial seed",
    "record_every": "Record every",
    "feature_1": "Feature 1",
    "feature_2": "Feature 2",
    "target": "Target",
    "class_0": "Class 0",
    "class_1": "Class 1",
    "classes": "Classes",
    "output": "Output",
    "l2": "L2",
    "momentum": "Momentum",
    "features": "Inputs",
}
"""Setting -> how its control is labelled, or how that begins."""

OF_DATA = ("feature_1", "feature_2", "target", "class_0", "class_1", "classes", "features")
"""What another dataset changes by itself."""

MOST = 3
"""Settings named, at most."""


def sentence(before: Config, after: Config) -> str:
    """Which settings start a new run, or that none does.

    Parameters
    ----------
    before, after : Config

    Returns
    -------
    str
        "Hidden size is now 16: a new run starts." Words from files and addresses are not in it.
    """
    is_other_data = (before.dataset, before.data_file) != (after.dataset, after.data_file)
    left_out = {"dataset", "data_file", *IN_MID_RUN, *(OF_DATA if is_other_data else ())}
    parts = [f"Dataset is now {_data(before, after)}"] if is_other_data else []
    parts += [
        f"{label} is now {_shown(getattr(after, name))}"
        for name, label in LABELS.items()
        if name not in left_out and getattr(before, name) != getattr(after, name)
    ]
    if not parts:
        return "The run starts again from its initial weights."
    named, left = parts[:MOST], len(parts) - MOST
    named += [f"{left} more changed"] if left > 0 else []
    listed = named[0] if len(named) == 1 else f"{', '.join(named[:-1])} and {named[-1]}"
    return f"{listed}: a new run starts."


def _data(before, after):
    if after.dataset != "csv":
        return DATASETS.get(after.dataset, after.dataset)
    return "another CSV file" if before.dataset == "csv" else "a CSV file"


def _shown(value):
    """Numbers and names of functions as they are; of a text from a file only that it is another one."""
    if isinstance(value, str):
        return value if value in (*ACTIVATIONS, *OUTPUTS) else "another one"
    return f"{value:,}" if isinstance(value, int) else f"{value:g}"
