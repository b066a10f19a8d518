"""The sidebar: three sections of controls -> Config."""

import dataclasses
import math
from dataclasses import replace

import numpy as np
import streamlit as st

from toynet import datasets
from toynet.activations import ACTIVATIONS
from toynet.config import BATCH_MODES, DATA_SETTINGS, DATASETS, Config, shown
from toynet.datasets import csv_files, real
from toynet.ui import keys, session
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices, upload

HELP = {f.name: f.metadata["help"] for f in dataclasses.fields(Config)}
RANGE = {f.name: (f.metadata["low"], f.metadata["high"]) for f in dataclasses.fields(Config) if "low" in f.metadata}

SAMPLES = (20, 50, 100, 200, 300, 400, 600, 1000, 2000, 5000, 10_000)
SHARES = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5)
HIDDEN = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)
RATES = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
BATCHES = (1, 2, 4, 8, 10, 16, 32, 64, 128, 256, 512, 1024, 4096)
REST = ""
"""class_0 where it is every value but class_1's."""

MOST_SAID = 5
"""Columns of which it is said why they are not offered."""

OF_FILES = tuple(f.name for f in dataclasses.fields(Config) if f.name in DATA_SETTINGS and f.default == "")
"""Settings that only real data has."""


def sidebar(config: Config, rows: int) -> tuple[Config, str]:
    """Draw the controls at the settings `config`, with which so many rows are trained on.

    Returns
    -------
    config : Config
        The settings that the controls show; the data of `config` where theirs cannot be used.
    problem : str
        Why it cannot be used, or "".
    """
    wanted, problem = {}, ""
    with st.sidebar:
        st.header("Data", anchor=False)
        try:
            wanted = _data(config)
        except ValueError as error:
            problem = str(error)
        st.header("Network", anchor=False)
        wanted |= _network(config)
        st.header("Training", anchor=False)
        wanted |= _training(config, rows)
    return replace(config, **wanted), problem


def offered(data_file):
    """Whether this tab may open the file: one that ships, or an upload whose name it knows."""
    return data_file in csv_files.shipped() or upload.is_kept(data_file)


def without_file(config):
    """The same settings on the default data."""
    return replace(config, dataset=Config.dataset, **dict.fromkeys(OF_FILES, ""))


# --- the controls of the settings: each starts at the present one ------------------------


def _slider(label, name, config, options, **more):
    return choices.slider(label, keys.setting(name), options, getattr(config, name), help=HELP[name], **more)


def _number(label, name, config, step=1):
    value, (low, high) = getattr(config, name), RANGE[name]
    return choices.number(label, keys.setting(name), low, high, value, step=step, help=HELP[name])


def _select(label, name, value, options, help="", **more):
    return choices.select(label, keys.setting(name), options, value, help=help or HELP[name], **more)


def _segments(label, name, config, options):
    value = getattr(config, name)
    return choices.segments(label, keys.setting(name), options, value, help=HELP[name], width="stretch")


# --- the three sections ------------------------------------------------------------------


def _data(config):
    uploaded = session.current().uploads
    upload.receive(_take_upload)
    if upload.is_kept(config.data_file) and config.data_file not in uploaded:
        uploaded.append(config.data_file)
    files = [*csv_files.shipped(), *uploaded]
    options = [*(name for name in DATASETS if name != "csv"), *files]
    present = config.data_file if config.dataset == "csv" else config.dataset
    chosen = _select(
        "Dataset",
        "dataset",
        present,
        options,
        "Generated points, real data, or a CSV file: those in the folder data/ and your own.",
        format_func=lambda option: upload.label(DATASETS.get(option, option)),
    )
    problem = upload.control()
    if problem:
        st.error(as_text(problem))
    if chosen in datasets.GENERATORS:
        return _generated(config, chosen)
    if chosen == "breast_cancer":
        return _breast_cancer(config)
    return _csv(config, chosen)


def _take_upload(data_file):
    uploaded = session.current().uploads
    if data_file not in uploaded:
        uploaded.append(data_file)
    choices.preset(keys.setting("dataset"), data_file)


def _generated(config, name):
    left, right = st.columns(2)
    with left:
        samples = _slider("Samples", "samples", config, SAMPLES)
    with right:
        noise = _slider("Noise", "noise", config, np.arange(0, 1.01, 0.05).round(2).tolist())
    return {
        "dataset": name,
        "samples": samples,
        "noise": noise,
        **_split(config),
        **dict.fromkeys(OF_FILES, ""),
    }


def _split(config, shares=SHARES):
    """Test share and seed; the share outlives data of which no row can be held back."""
    key, share = keys.setting("test_fraction"), shares[0]
    left, right = st.columns(2)
    with left:
        if len(shares) > 1:
            usual = choices.remembered(key, config.test_fraction)
            share = choices.slider("Test share", key, shares, usual, help=HELP["test_fraction"])
        else:
            st.caption("Too few rows to hold any back for a test.")
    with right:
        return {"test_fraction": share, "data_seed": _number("Data seed", "data_seed", config)}


def _breast_cancer(config):
    names = real.breast_cancer_features()
    usual = real.BREAST_CANCER_FEATURES
    known = config if config.dataset == "breast_cancer" else Config()
    first = _select("Feature 1 (across)", "feature_1", known.feature_1 or usual[0], names)
    others = [n for n in names if n != first]
    second = _select("Feature 2 (up)", "feature_2", known.feature_2 or usual[1], others)
    return {
        **dict.fromkeys(OF_FILES, ""),
        "dataset": "breast_cancer",
        "feature_1": first,
        "feature_2": second,
        **_split(config),
    }


def _csv(config, data_file):
    """Columns and classes of a file; each choice leaves out what another has taken."""
    upload.note_use(data_file)
    table = csv_files.read(csv_files.find(data_file))
    known = config if config.data_file == data_file else Config()
    for note in table.notes:
        st.caption(f"{as_text(note)}.")
    for left_out in csv_files.text_by_mistake(table)[:MOST_SAID]:
        st.caption(f"Not offered: {as_text(left_out)}.")
    usual_1, usual_2, usual_target = csv_files.suggest(table, known.target, known.feature_1, known.feature_2)
    target = _select("Target", "target", usual_target, csv_files.target_columns(table))
    numeric = [c for c in csv_files.numeric_columns(table) if c != target]
    if len(numeric) < 2:
        raise ValueError(f"target {shown(target)} leaves fewer than two numeric columns as inputs")
    first = _select("Feature 1 (across)", "feature_1", usual_1, numeric, "The horizontal input.")
    others = [c for c in numeric if c != first]
    second = _select("Feature 2 (up)", "feature_2", usual_2, others, "The vertical input.")
    class_0, class_1 = _classes(known, csv_files.values(table, target))
    chosen = {
        "dataset": "csv",
        "data_file": data_file,
        "feature_1": first,
        "feature_2": second,
        "target": target,
        "class_0": class_0,
        "class_1": class_1,
    }
    points = datasets.Points(*csv_files.points(table, replace(Config(), **chosen)))
    if points.dropped:
        st.caption(_left_out(points, csv_files.missing_words(table, (first, second, target))))
    return chosen | _split(config, _possible_shares(points.y))


def _left_out(points, words):
    """How many rows are not used, and which words were taken for missing cells."""
    rows = "1 row was" if points.dropped == 1 else f"{points.dropped:,} rows were"
    too = f" ({as_text(', '.join(words))} count{'s' * (len(words) == 1)} as missing)" if words else ""
    return f"{rows} left out because of missing cells{too}; {points.y.size:,} are used."


def _classes(known, values):
    if len(values) == 2:
        return "", ""
    usual = known.class_1 if known.class_1 in values else values[1]
    class_1 = _select("Class 1 (blue)", "class_1", usual, values, "The target's value that is class 1.")
    others = [*(v for v in values if v != class_1), REST]
    usual = known.class_0 if known.class_1 else others[0]
    class_0 = _select(
        "Class 0 (orange)",
        "class_0",
        usual,
        others,
        "The target's value that is class 0; rows with other values are not used.",
        format_func=lambda value: value or "every other value",
    )
    return class_0, class_1


def _possible_shares(y):
    """Test shares that leave both classes in both parts."""
    smaller = min(y.sum(), y.size - y.sum())
    if smaller < 2:
        return (0.0,)
    return [share for share in SHARES if share == 0 or (y.size >= 20 and math.ceil(share * y.size) >= 2)]


def _network(config):
    left, right = st.columns(2)
    with left:
        hidden_size = _slider("Hidden size", "hidden_size", config, HIDDEN)
    with right:
        init_seed = _number("Initial seed", "init_seed", config)
    activation = _segments("Activation", "activation", config, list(ACTIVATIONS))
    return {"hidden_size": hidden_size, "init_seed": init_seed, "activation": activation}


def _training(config, rows):
    wanted = {
        "learning_rate": _slider("Learning rate", "learning_rate", config, RATES, format_func=lambda rate: f"{rate:g}"),
        "batch_mode": _segments("Batch mode", "batch_mode", config, list(BATCH_MODES)),
    }
    if wanted["batch_mode"] == "mini":
        wanted["batch_size"] = _slider("Batch size", "batch_size", config, [size for size in BATCHES if size < rows])
    left, right = st.columns(2)
    with left:
        wanted["epochs"] = _number("Epochs", "epochs", config, step=100)
    with right:
        wanted["record_every"] = _number("Record every", "record_every", config)
    return wanted
