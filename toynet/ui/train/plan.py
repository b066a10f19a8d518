"""One run, its luck, or a race: which runs are trained beside one's own."""

import streamlit as st

from toynet.activations import ACTIVATIONS, OUTPUTS
from toynet.config import BATCH_MODES
from toynet.many.plan import AXES, MOST_LANES, MOST_SEEDS, RACED, Plan
from toynet.ui import address, keys, session
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices
from toynet.ui.controls.sidebar import BATCHES, HIDDEN, MOMENTA, PENALTIES, RATES
from toynet.ui.train.beside import UNLIKE

KINDS = {"one": "One run", "luck": "Luck", "race": "Race"}

SEEDS = 10
"""Of luck, where nobody chooses another number."""

LABELS = {
    "batch_mode": "Batch mode",
    "learning_rate": "Learning rate",
    "batch_size": "Batch size",
    "hidden_size": "Hidden size",
    "activation": "Activation",
    "init_seed": "Initial seed",
    "l2": "L2",
    "momentum": "Momentum",
    "output": "Output",
}
OFFERED = {
    "batch_mode": BATCH_MODES,
    "learning_rate": RATES,
    "batch_size": BATCHES,
    "hidden_size": HIDDEN,
    "activation": tuple(ACTIVATIONS),
    "init_seed": tuple(range(10)),
    "l2": PENALTIES,
    "momentum": MOMENTA,
    "output": tuple(OUTPUTS),
}
USUAL = {
    "learning_rate": (0.03, 0.1, 0.3, 1.0, 3.0),
    "batch_size": (8, 32, 128),
    "hidden_size": (2, 4, 8, 16),
    "init_seed": (0, 1, 2, 3),
    "l2": (0.0, 0.001, 0.01, 0.1),
    "momentum": (0.0, 0.5, 0.9),
}
"""Values of a race where nobody chooses others; else all that are offered."""

LEVEL = {"epoch": "Epoch", "update": "Update", "samples_seen": "Samples seen", "seconds": "Seconds"}

HELP = (
    "Luck: the same settings with other seeds, of data and of weights, all trained at once. "
    "Race: several values of one setting, side by side from the same start."
)
KEYS = (keys.PLAN, keys.LUCK, keys.RACE, keys.LEVEL)


def choose():
    """Draw the choice, and put beside the present run what it says."""
    tab = session.current()
    present = tab.experiment.plan
    kind = choices.segments(
        "Trained", keys.PLAN, list(KINDS), present.kind, format_func=KINDS.get, help=HELP, label_visibility="collapsed"
    )
    wanted = {"one": _one, "luck": _luck, "race": _race}[kind](tab.experiment.trainer, present)
    if wanted != present:
        try:
            tab.experiment.put_beside(wanted)
            address.write(tab.experiment)
        except ValueError as error:
            st.error(as_text(str(error)))


def forget():
    """Before the controls are drawn: they begin again at the plan of the present run."""
    for key in (*KEYS, *map(keys.lanes, RACED)):
        choices.forget(key)


def _one(trainer, present):
    return Plan()


def _luck(trainer, present):
    usual = present.seeds if present.kind == "luck" else choices.remembered(keys.LUCK, SEEDS)
    with st.popover(f"{usual} seeds", width=120, help="How many seeds."):
        label = "Seeds, your own included"
        seeds = choices.number(label, keys.LUCK, 2, MOST_SEEDS, usual)
        st.caption(
            "Seed after seed is added to data seed and initial seed. Curves: the band holds 80 % of the seeds, the "
            "thin line is their median. Pale lines: where the others decide."
        )
    return Plan(seeds=seeds)


def _race(trainer, present):
    racing = present.kind == "race"
    usual = present.setting if racing else choices.remembered(keys.RACE, RACED[0])
    with st.popover(f"Over {LABELS[usual].lower()}", width=165, help="What is raced, and level by what."):
        idle = {"output": trainer.split.outputs == 1, "batch_size": trainer.batch_mode != "mini"}
        raced = [name for name in RACED if name == usual or not idle.get(name)]
        setting = choices.select("Setting", keys.RACE, raced, usual, format_func=LABELS.get)
        values = _values(setting, trainer.config, present)
        axis = present.axis if racing else choices.remembered(keys.LEVEL, "epoch")
        axis = choices.segments("All at the same", keys.LEVEL, list(AXES), axis, format_func=LEVEL.get)
        if setting in UNLIKE:
            st.caption(UNLIKE[setting])
        st.caption("All have the same data. Yours is the value in the sidebar.")
        if len(values) < 2:
            st.error("Choose two values or more.")
            return present
    return Plan(setting=setting, values=tuple(values), axis=axis)


def _values(setting, config, present):
    """The values of the raced setting, the own one among them."""
    own = getattr(config, setting)
    is_same = present.setting == setting
    started = present.values if is_same else USUAL.get(setting, OFFERED[setting])
    options = sorted({*OFFERED[setting], *started, own}, key=_order(setting))
    key = keys.lanes(setting)
    usual = [value for value in choices.remembered(key, started) if value in options]
    label = f"{LABELS[setting]}s" if setting != "batch_size" else "Batch sizes"
    chosen = st.multiselect(
        label, options, sorted({*usual, own}, key=_order(setting))[:MOST_LANES], key=key,
        format_func=lambda value: f"{value:g}" if isinstance(value, float) else str(value), max_selections=MOST_LANES,
    )  # fmt: skip
    return tuple(choices.remember(key, chosen))


def _order(setting):
    """As they are offered: names in their order, numbers by size."""
    names = OFFERED[setting]
    return (lambda value: names.index(value)) if isinstance(names[0], str) else float
