"""Break it: a classical mistake in the check, and training a copy of the experiment beside the right rule."""

from dataclasses import dataclass, replace
from time import perf_counter

import streamlit as st

from toynet.charts.explaining import comparison_chart
from toynet.derivation.gradient_check import check
from toynet.derivation.mistakes import offered
from toynet.derivation.numerals import text
from toynet.history import History
from toynet.training import Trainer
from toynet.ui import keys, session
from toynet.ui.controls import choices
from toynet.ui.derivation import proof
from toynet.ui.experiment import TRAINING

PATIENCE = 20.0
"""Seconds that one comparison may train."""

SLICE = 0.1
"""Seconds of training between two looks at the progress bar."""

STARTS = ("Initial weights", "Present weights")


@dataclass(frozen=True)
class Result:
    """Two runs from the same start: with the right rule, and with a broken one; None until both have ended."""

    of: tuple
    right: History | None = None
    broken: History | None = None
    notes: tuple = ()


def section(moment):
    """Draw the choice of a mistake, its check, and the two runs."""
    tab = session.current()
    mistakes = offered(moment.parameters, moment.batch, moment.activation, **moment.of_cost)
    name = choices.segments("Mistake", keys.MISTAKE, list(mistakes), format_func=lambda n: mistakes[n].title)
    mistake = mistakes[name]
    st.markdown(mistake.explanation)
    st.latex(mistake.latex)
    checked = check(*moment.everything, mistake.backward, **moment.of_cost)
    proof.verdict(checked)
    if all(c.passes for c in checked.values()):
        st.info(
            "At these parameters the gradient is so near to zero, or rounding so large, that the mistake does not show."
        )
    proof.table(checked)
    st.caption("Your own experiment is not touched: copies of it train here.")
    with st.container(horizontal=True, vertical_alignment="bottom", key="breaking"):
        start = choices.segments("Start at", keys.START, list(STARTS))
        epochs = choices.number("Epochs", keys.COMPARED_EPOCHS, 1, 5000, default=100, width=140)
        wanted = st.button("Train both", key=keys.TRAIN_BOTH, type="primary")
    of = (name, moment.config, start, epochs, moment.update if start == STARTS[1] else 0)
    if wanted:
        # Another click ends this run of the script in mid-training: this is what then stays.
        tab.comparison = Result(of)
        tab.comparison = _train_both(moment, mistake, of)
    result = tab.comparison
    if result and result.of == of:
        _show(result, mistake)


def _train_both(moment, mistake, of):
    """Train two copies, a progress bar meanwhile."""
    _, _, start, epochs, _ = of
    config = replace(moment.config, epochs=epochs, record_every=1)
    parameters = moment.parameters if start == STARTS[1] else None
    bar, notes = st.progress(0.0), []
    runs = {
        "Right rule": Trainer(config, moment.split, parameters=parameters),
        mistake.title: Trainer(config, moment.split, parameters=parameters, rule=mistake.backward),
    }
    for number, (title, trainer) in enumerate(runs.items()):
        note = _train(trainer, lambda done, n=number, t=title: bar.progress((n + done) / 2, text=t))
        notes += [f"{title}: {note}"] if note else []
    bar.empty()
    right, broken = (trainer.recorded.copy() for trainer in runs.values())
    return Result(of, right, broken, tuple(notes))


def _train(trainer, tell):
    """Train to the end, or as long as patience lasts; returns why it ended before, or ""."""
    deadline = perf_counter() + PATIENCE / 2
    while trainer.epoch < trainer.epochs and not trainer.diverged:
        if perf_counter() > deadline:
            return f"stopped after {trainer.epoch:,} epochs, {PATIENCE / 2:.0f} seconds."
        with TRAINING.turn():
            trainer.run(seconds=SLICE)
        tell(trainer.epoch / trainer.epochs)
    return trainer.diverged


def _show(result, mistake):
    if result.right is None:
        st.info("The comparison was stopped by another click before both had been trained: train them again.")
        return
    for note in result.notes:
        st.warning(note)
    st.altair_chart(comparison_chart(result.right, result.broken, mistake.title), width="stretch")
    right, wrong = (text(history["train_loss"][-1]) for history in (result.right, result.broken))
    st.markdown(f"Train loss at the end: **{right}** with the right rule, **{wrong}** with the broken one.")
