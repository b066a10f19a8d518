"""The sidebar: three sections of controls -> Config."""

import dataclasses
import math
from dataclasses import replace

import numpy as np
import streamlit as st

from toynet import datasets
from toynet.activations import ACTIVATIONS
from toynet.config import BATCH_MODES, DATASETS, Config
from toynet.datasets import csv_files, real
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

COLUMNS = ("data_file", "feature_1", "feature_2", "target", "class_0", "class_1")
"""Settings that only real data has."""

UPLOADED = "uploaded"
"""Session key: names of the files this tab has uploaded or was linked to."""


def sidebar(now, rows):
    """Draw the controls at the settings `now`, with which so many rows are trained on.

    Returns
    -------
    config : Config
        The settings that the controls show; the data of `now` where theirs cannot be used.
    problem : str
        Why it cannot be used, or "".
    """
    wanted, problem = {}, ""
    with st.sidebar:
        st.header("Data", anchor=False)
        try:
            wanted = _data(now)
        except ValueError as error:
            problem = str(error)
        st.header("Network", anchor=False)
        wanted |= _network(now)
        st.header("Training", anchor=False)
        wanted |= _training(now, rows)
    return replace(now, **wanted), problem


def offered(data_file):
    """Whether this tab may open the file: one that ships, or an upload whose name it knows."""
    return data_file in csv_files.shipped() or upload.is_kept(data_file)


def without_file(config):
    """The same settings on the default data."""
    return replace(config, dataset=Config.dataset, **dict.fromkeys(COLUMNS, ""))


# --- controls: each starts at the present setting and keeps its own value after ---------


def _start_at(key, value, options=None):
    """A control's value before it is drawn: what the person set, while that can be had."""
    kept = st.session_state.get(key)
    if key not in st.session_state or (options is not None and kept not in options):
        kept = value if options is None or value in options else options[0]
    choices.give(key, kept)


def _slider(label, name, now, options, **more):
    """A slider over chosen values; the present one is among them wherever it came from."""
    options = sorted({*options, getattr(now, name)})
    _start_at(name, getattr(now, name), options)
    return st.select_slider(label, options, key=name, help=HELP[name], **more)


def _number(label, name, now, step=1):
    _start_at(name, getattr(now, name))
    low, high = RANGE[name]
    return st.number_input(label, low, high, step=step, key=name, help=HELP[name])


def _select(label, key, value, options, help, **more):
    _start_at(key, value, options)
    return st.selectbox(label, options, key=key, help=help, **more)


def _segments(label, name, now, options):
    _start_at(name, getattr(now, name), options)
    return st.segmented_control(label, options, key=name, help=HELP[name], required=True, width="stretch")


# --- the three sections ------------------------------------------------------------------


def _data(now):
    uploaded = st.session_state.setdefault(UPLOADED, [])
    upload.receive(_take_upload)
    if upload.is_kept(now.data_file) and now.data_file not in uploaded:
        uploaded.append(now.data_file)
    files = [*csv_files.shipped(), *uploaded]
    options = [*(name for name in DATASETS if name not in ("csv", "given")), *files]
    present = now.data_file if now.dataset == "csv" else now.dataset
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
        st.error(problem)
    if chosen in datasets.GENERATORS:
        return _generated(now, chosen)
    if chosen == "breast_cancer":
        return _breast_cancer(now)
    return _csv(now, chosen)


def _take_upload(data_file):
    uploaded = st.session_state[UPLOADED]
    if data_file not in uploaded:
        uploaded.append(data_file)
    choices.give("dataset", data_file)


def _generated(now, name):
    left, right = st.columns(2)
    with left:
        samples = _slider("Samples", "samples", now, SAMPLES)
    with right:
        noise = _slider("Noise", "noise", now, np.arange(0, 1.01, 0.05).round(2).tolist())
    return {
        "dataset": name,
        "samples": samples,
        "noise": noise,
        **_split(now),
        **dict.fromkeys(COLUMNS, ""),
    }


def _split(now, shares=SHARES):
    """Test share and seed; the share outlives data of which no row can be held back."""
    usual, share = choices.kept("test_fraction", now.test_fraction), shares[0]
    left, right = st.columns(2)
    with left:
        if len(shares) > 1:
            options = sorted({*shares, usual})
            _start_at("test_fraction", usual, options)
            share = st.select_slider("Test share", options, key="test_fraction", help=HELP["test_fraction"])
            choices.keep("test_fraction", share)
        else:
            st.caption("Too few rows to hold any back for a test.")
    with right:
        return {"test_fraction": share, "data_seed": _number("Data seed", "data_seed", now)}


def _breast_cancer(now):
    names = real.breast_cancer_features()
    usual = real.BREAST_CANCER_FEATURES
    known = now if now.dataset == "breast_cancer" else Config()
    first = _select("Feature 1 (across)", "feature_1", known.feature_1 or usual[0], names, HELP["feature_1"])
    others = [n for n in names if n != first]
    second = _select("Feature 2 (up)", "feature_2", known.feature_2 or usual[1], others, HELP["feature_2"])
    return {
        **dict.fromkeys(COLUMNS, ""),
        "dataset": "breast_cancer",
        "feature_1": first,
        "feature_2": second,
        **_split(now),
    }


def _csv(now, data_file):
    """Columns and classes of a file; each choice leaves out what another has taken."""
    table = csv_files.read(csv_files.find(data_file))
    known = now if now.data_file == data_file else Config()
    for left_out in csv_files.text_by_mistake(table):
        st.caption(f"Not offered: {left_out}.")
    usual_1, usual_2, usual_target = csv_files.suggest(table, known.target, known.feature_1, known.feature_2)
    target = _select("Target", "target", usual_target, csv_files.target_columns(table), HELP["target"])
    numeric = [c for c in csv_files.numeric_columns(table) if c != target]
    if len(numeric) < 2:
        raise ValueError(f"target {target!r} leaves fewer than two numeric columns as inputs")
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
        rows = "1 row was" if points.dropped == 1 else f"{points.dropped:,} rows were"
        st.caption(f"{rows} left out because of missing cells; {points.y.size:,} are used.")
    return chosen | _split(now, _possible_shares(points.y))


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


def _network(now):
    left, right = st.columns(2)
    with left:
        hidden_size = _slider("Hidden size", "hidden_size", now, HIDDEN)
    with right:
        init_seed = _number("Initial seed", "init_seed", now)
    activation = _segments("Activation", "activation", now, list(ACTIVATIONS))
    return {"hidden_size": hidden_size, "init_seed": init_seed, "activation": activation}


def _training(now, rows):
    wanted = {
        "learning_rate": _slider("Learning rate", "learning_rate", now, RATES, format_func=lambda rate: f"{rate:g}"),
        "batch_mode": _segments("Batch mode", "batch_mode", now, list(BATCH_MODES)),
    }
    if wanted["batch_mode"] == "mini":
        wanted["batch_size"] = _slider("Batch size", "batch_size", now, [size for size in BATCHES if size < rows])
    left, right = st.columns(2)
    with left:
        wanted["epochs"] = _number("Epochs", "epochs", now, step=100)
    with right:
        wanted["record_every"] = _number("Record every", "record_every", now)
    return wanted
