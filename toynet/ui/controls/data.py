"""The controls of the data: which they are, and of real data which columns and classes."""

import math
from dataclasses import replace

import numpy as np
import streamlit as st

from toynet import datasets
from toynet.config import DATASETS, OF_MORE_CLASSES, Config, shown
from toynet.datasets import csv_files, features, real
from toynet.datasets.features import PAIR, TERMS
from toynet.ui import keys, session
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices, fields, upload

SAMPLES = (20, 50, 100, 200, 300, 400, 600, 1000, 2000, 5000, 10_000)
SHARES = (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5)
CLASSES = [2, 3, 4, 5, 6]
REST = ""
"""class_0 where it is every value but class_1's."""

EACH = ""
"""class_1 where each value is a class."""

MOST_SAID = 5
"""Columns of which it is said why they are not offered."""

OF_FILES = ("data_file", "feature_1", "feature_2", "target", "class_0", "class_1")
"""Settings that only real data has."""


def offered(data_file):
    """Whether this tab may open the file: one that ships, or an upload whose name it knows."""
    return data_file in csv_files.shipped() or upload.is_kept(data_file)


def without_file(config):
    """The same settings on the default data."""
    return replace(config, dataset=Config.dataset, **dict.fromkeys((*OF_FILES, "features"), ""))


def controls(config):
    """Draw the controls of the data, at those of `config`.

    Returns
    -------
    settings : dict of str to value
    classes : int
        How many the data have.

    Raises
    ------
    ValueError
        If they cannot be used.
    """
    uploaded = session.current().uploads
    upload.receive(_take_upload)
    if upload.is_kept(config.data_file) and config.data_file not in uploaded:
        uploaded.append(config.data_file)
    files = [*csv_files.shipped(), *uploaded]
    options = [*(name for name in DATASETS if name != "csv"), *files]
    present = config.data_file if config.dataset == "csv" else config.dataset
    chosen = fields.select(
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
    return _real(config, chosen) if chosen in real.REAL else _csv(config, chosen)


def _take_upload(data_file):
    uploaded = session.current().uploads
    if data_file not in uploaded:
        uploaded.append(data_file)
    choices.preset(keys.setting("dataset"), data_file)


def _generated(config, name):
    left, right = st.columns(2)
    with left:
        samples = fields.slider("Samples", "samples", config, SAMPLES)
    with right:
        noise = fields.slider("Noise", "noise", config, np.arange(0, 1.01, 0.05).round(2).tolist())
    classes = 2
    if name in OF_MORE_CLASSES:
        key, help = keys.setting("classes"), fields.HELP["classes"]
        usual = choices.remembered(key, config.classes)  # it outlives data of two
        classes = choices.segments("Classes", key, CLASSES, usual, help=help, width="stretch")
    wanted = {"dataset": name, "samples": samples, "noise": noise, "classes": classes}
    wanted |= _split(config) | dict.fromkeys(OF_FILES, "")
    known = config if config.dataset in datasets.GENERATORS else Config()
    return wanted | {"features": _inputs(known, "", PAIR, PAIR)}, classes


def _split(config, shares=SHARES):
    """Test share and seed; the share outlives data of which no row can be held back."""
    key, share = keys.setting("test_fraction"), shares[0]
    left, right = st.columns(2)
    with left:
        if len(shares) > 1:
            usual = choices.remembered(key, config.test_fraction)
            share = choices.slider("Test share", key, shares, usual, help=fields.HELP["test_fraction"])
        else:
            st.caption("Too few rows to hold any back for a test: it needs some of each class, as training does.")
    with right:
        return {"test_fraction": share, "data_seed": fields.number("Data seed", "data_seed", config)}


def _real(config, dataset):
    names, usual = real.feature_names(dataset), real.REAL[dataset]
    known = config if config.dataset == dataset else Config()
    first = fields.select("Feature 1 (across)", "feature_1", known.feature_1 or usual.usual[0], names)
    others = [n for n in names if n != first]
    second = fields.select("Feature 2 (up)", "feature_2", known.feature_2 or usual.usual[1], others)
    wanted = dict.fromkeys(OF_FILES, "") | {"dataset": dataset, "feature_1": first, "feature_2": second, "classes": 2}
    wanted |= _split(config) | {"features": _inputs(known, dataset, (first, second), names)}
    return wanted, len(usual.order)


def _inputs(config, name, pair, columns):
    """The setting `features` for the data of this name: the network's inputs where these are not the two drawn."""
    key, (was, before) = keys.setting("features"), choices.remembered(keys.INPUTS_OF, ("", ()))
    if was != name or (before != pair and tuple(choices.remembered(key, ())) in ((), before)):
        choices.forget(key)  # what was chosen of other data, or was just the two drawn before
    choices.remember(keys.INPUTS_OF, (name, pair))
    options = list(dict.fromkeys((*columns, *(term for term in TERMS if term not in PAIR))))
    wanted = [
        dict(zip(PAIR, pair, strict=True)).get(n, n) if n not in columns else n for n in features.parse(config.features)
    ]
    present = [name for name in dict.fromkeys(wanted or pair) if name in options]
    both = " and ".join(pair)
    help = (
        f"What the network is handed. The picture shows {both}; in x1^2 and the like, x1 is {pair[0]} and x2 is "
        f"{pair[1]}, standardised. Other columns are at their mean in the picture."
    )
    chosen = fields.several("Inputs", "features", present, options, as_text(help), placeholder="The two that are drawn")
    if chosen == present:
        return config.features  # in its own words, so that the run stays the same one
    return "" if tuple(chosen) in ((), pair) else features.join(chosen)


def _csv(config, data_file):
    """Columns and classes of a file; each choice leaves out what another has taken."""
    upload.note_use(data_file)
    table = csv_files.read(csv_files.find(data_file))
    known = config if config.data_file == data_file else Config()
    for note in table.notes:
        st.caption(f"{as_text(note)}.")
    for left_out in csv_files.text_by_mistake(table)[:MOST_SAID]:
        st.caption(f"Not offered: {as_text(left_out)}.")
    usual_1, usual_2, usual_target = csv_files.suggest(
        table, known.target, known.feature_1, known.feature_2, features.parse(known.features)
    )
    target = fields.select("Target", "target", usual_target, csv_files.target_columns(table))
    numeric = [c for c in csv_files.numeric_columns(table) if c != target]
    if len(numeric) < 2:
        raise ValueError(f"target {shown(target)} leaves fewer than two numeric columns as inputs")
    first = fields.select("Feature 1 (across)", "feature_1", usual_1, numeric, "The horizontal input.")
    others = [c for c in numeric if c != first]
    second = fields.select("Feature 2 (up)", "feature_2", usual_2, others, "The vertical input.")
    class_0, class_1 = _classes(known, csv_files.values(table, target))
    inputs = _inputs(known, data_file, (first, second), numeric)
    chosen = {
        "dataset": "csv",
        "classes": 2,
        "features": inputs,
        "data_file": data_file,
        "feature_1": first,
        "feature_2": second,
        "target": target,
        "class_0": class_0,
        "class_1": class_1,
    }
    points = csv_files.points(table, replace(Config(), **chosen))
    if points.dropped:
        st.caption(_left_out(points, csv_files.missing_words(table, (*points.feature_names, target))))
    return chosen | _split(config, _possible_shares(points.y)), len(points.class_names)


def _left_out(points, words):
    """How many rows are not used, and which words were taken for missing cells."""
    rows = "1 row was" if points.dropped == 1 else f"{points.dropped:,} rows were"
    too = f" ({as_text(', '.join(words))} count{'s' * (len(words) == 1)} as missing)" if words else ""
    return f"{rows} left out because of missing cells{too}; {points.y.size:,} are used."


def _classes(known, values):
    if len(values) == 2:
        return "", ""
    can_be_all = len(values) <= csv_files.MOST_AT_ONCE
    usual = known.class_1 if known.class_1 in values else (EACH if can_be_all else values[1])
    class_1 = fields.select(
        "Class 1 (blue)",
        "class_1",
        usual,
        [*([EACH] if can_be_all else []), *values],
        "The target's value that is class 1, against others; or each value is a class of its own.",
        format_func=lambda value: value or "each value is a class",
    )
    if class_1 == EACH:
        return "", ""
    others = [*(v for v in values if v != class_1), REST]
    usual = known.class_0 if known.class_1 else others[0]
    class_0 = fields.select(
        "Class 0 (orange)",
        "class_0",
        usual,
        others,
        "The target's value that is class 0; rows with other values are not used.",
        format_func=lambda value: value or "every other value",
    )
    return class_0, class_1


def _possible_shares(y):
    """Test shares that leave all classes in both parts."""
    sizes = np.unique(y, return_counts=True)[1]
    if sizes.min() < 2:
        return (0.0,)
    enough = max(20, 2 * sizes.size)
    return [share for share in SHARES if share == 0 or (y.size >= enough and math.ceil(share * y.size) >= sizes.size)]
