"""The sidebar: three sections of controls -> Config."""

from dataclasses import replace

import streamlit as st

from toynet.activations import ACTIVATIONS, OUTPUTS
from toynet.config import BATCH_MODES, Config
from toynet.ui.controls import data, fields

HIDDEN = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256)
RATES = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
BATCHES = (1, 2, 4, 8, 10, 16, 32, 64, 128, 256, 512, 1024, 4096)
PENALTIES = (0.0, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
MOMENTA = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99)


def sidebar(config: Config, rows: int) -> tuple[Config, str]:
    """Draw the controls at the settings `config`, with which so many rows are trained on.

    Returns
    -------
    config : Config
        The settings that the controls show; the data of `config` where theirs cannot be used.
    problem : str
        Why it cannot be used, or "".
    """
    wanted, classes, problem = {}, 2, ""
    with st.sidebar:
        st.header("Data", anchor=False)
        try:
            wanted, classes = data.controls(config)
        except ValueError as error:
            problem = str(error)
        st.header("Network", anchor=False)
        wanted |= _network(config, classes)
        st.header("Training", anchor=False)
        wanted |= _training(config, rows)
    return replace(config, **wanted), problem


def _network(config, classes):
    left, right = st.columns(2)
    with left:
        wanted = {"hidden_size": fields.slider("Hidden size", "hidden_size", config, HIDDEN)}
    with right:
        wanted["init_seed"] = fields.number("Initial seed", "init_seed", config)
    wanted["activation"] = fields.segments("Activation", "activation", config, list(ACTIVATIONS))
    if classes > 2:  # of a single output both do the same
        wanted["output"] = fields.segments("Output", "output", config, list(OUTPUTS))
    return wanted


def _training(config, rows):
    wanted = {
        "learning_rate": fields.slider("Learning rate", "learning_rate", config, RATES, format_func=_plain),
        "batch_mode": fields.segments("Batch mode", "batch_mode", config, list(BATCH_MODES)),
    }
    if wanted["batch_mode"] == "mini":
        sizes = [size for size in BATCHES if size < rows]
        wanted["batch_size"] = fields.slider("Batch size", "batch_size", config, sizes)
    left, right = st.columns(2)
    with left:
        wanted["epochs"] = fields.number("Epochs", "epochs", config, step=100)
        wanted["l2"] = fields.slider("L2", "l2", config, PENALTIES, format_func=_plain)
    with right:
        wanted["record_every"] = fields.number("Record every", "record_every", config)
        wanted["momentum"] = fields.slider("Momentum", "momentum", config, MOMENTA, format_func=_plain)
    return wanted


def _plain(value):
    return f"{value:g}"
