"""The Derivation page: the experiment of the Train page, taken apart and proven."""

import numpy as np
import streamlit as st

from toynet.ui import keys, messages, session
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices
from toynet.ui.controls.upload import label
from toynet.ui.derivation import batches, both_outputs, break_it, cancelling, exercise, proof, take_away, walk
from toynet.ui.derivation.moment import Moment

SECTIONS = {
    "Walk through": walk.section,
    "Why σ' cancels": cancelling.section,
    "Proof": proof.section,
    "Break it": break_it.section,
    "Your turn": exercise.section,
    "Batches": batches.section,
    "Take it away": take_away.section,
}
"""What the segmented control offers -> what draws it, given the `Moment`."""

OF_SEVERAL = "Both outputs"
"""Offered behind the second one where there are several outputs."""


def page():
    """Draw the page: which moment of the experiment, and one section about it."""
    moment = Moment.of(session.current().experiment)
    messages.show()
    st.markdown(_what_it_is(moment))
    offered = sections(moment.form.k)
    section = choices.segments("Section", keys.SECTION, list(offered), label_visibility="collapsed")
    # Far out, where a run diverges, numbers overflow: the page shows them as ∞.
    with np.errstate(all="ignore"):
        offered[section](moment)


def sections(k):
    """The `SECTIONS` of a network of k outputs."""
    names = list(SECTIONS)
    if k > 1:
        names.insert(2, OF_SEVERAL)
    return {name: SECTIONS.get(name, both_outputs.section) for name in names}


def _what_it_is(moment):
    config, form, d = moment.config, moment.form, moment.split.X_train.shape[1]
    state = "training stands still while you are here" if moment.is_running else moment.how
    parts = [f"d = {d}"] * (d != 2) + [f"h = {config.hidden_size}", f"g = {config.activation}"]
    parts += [f"k = {form.k} ({form.output})"] * (form.k > 1) + [f"η = {config.learning_rate:g}"]
    parts += [f"λ = {config.l2:g}"] * form.has_l2 + [f"μ = {config.momentum:g}"] * form.has_momentum
    return (
        f"{_data(config)}, {', '.join(parts)}, "
        f"after epoch **{moment.epoch:,}**, update **{moment.update:,}** ({state})."
    )


def _data(config):
    """Name of the data: of a file, its own and its target's."""
    if config.dataset != "csv":
        return f"**{config.dataset}**"
    return f"**{as_text(label(config.data_file))}** (target {as_text(config.target)})"
