"""The Train page: transport, numbers and the four pictures, live."""

import time
from functools import partial

import streamlit as st

from toynet.activations import ACTIVATIONS
from toynet.charts.curves import X_AXES, loss_chart, norm_chart
from toynet.charts.network import MOST_UNITS
from toynet.ui import keys, messages, session, startup
from toynet.ui.controls import choices, download
from toynet.ui.experiment import PERIOD, SPEEDS, Experiment


def page():
    """Draw the page: transport and live pictures."""
    _transport()
    with st.container(key="messages", gap="small"):
        messages.show()
    experiment = session.current().experiment
    st.fragment(_frame, run_every=PERIOD if experiment.running else None)()
    st.caption(_how_to_read(experiment.trainer.config))
    startup.prepare()


# --- the transport -------------------------------------------------------------------


def _reset():
    tab = session.current()
    tab.start(tab.experiment.trainer.config)


def _press(action):
    """A button of the transport, on the experiment that the tab has by now."""
    action(session.current().experiment)


def _transport():
    experiment = session.current().experiment
    over = bool(experiment.trainer.diverged)
    with st.container(horizontal=True, vertical_alignment="bottom", key="transport"):
        st.button("Reset", on_click=_reset, key=keys.RESET, help="Back to the initial weights of this seed.")
        # One key for both: two buttons would stand side by side for a moment and shift the others.
        label, action = ("Pause", Experiment.pause) if experiment.running else ("Train", Experiment.train)
        stopped, idle = over and not experiment.running, not experiment.running and not over
        button = partial(st.button, on_click=_press)
        button(label, args=(action,), key=keys.TRAIN_PAUSE, type="primary", width=90, disabled=stopped)
        step, one_epoch = (Experiment.step,), (Experiment.one_epoch,)
        button("Step (one update)", args=step, key=keys.STEP, disabled=not idle, help="One update of the weights.")
        button("One epoch", args=one_epoch, key=keys.ONE_EPOCH, disabled=not idle, help="To the end of the epoch.")
        choices.segments(
            "Epochs a frame",
            keys.SPEED,
            list(SPEEDS),
            default="10",
            help="How many epochs to train, at most, between two frames; Max: as many as fit.",
        )
        choices.segments(
            "Curves over",
            keys.X_AXIS,
            list(X_AXES),
            format_func=lambda column: X_AXES[column].split()[0],
            help="What runs along the horizontal axis of both curves.",
        )
        download.button(
            "Download CSV",
            experiment.csv,
            f"toynet-{experiment.trainer.run_name}.csv",
            "text/csv",
            key=keys.DOWNLOAD,
            help="The metrics of this run so far, a row an epoch.",
        )


# --- the live part ---------------------------------------------------------------------


def _frame():
    """One frame: train for a moment, then draw that moment."""
    experiment = session.current().experiment
    speed, x_axis = SPEEDS[choices.remembered(keys.SPEED)], choices.remembered(keys.X_AXIS)
    with experiment.lock.turn():
        was_running = experiment.running
        if was_running:
            experiment.advance(speed)
        started = time.perf_counter()
        proof = experiment.badge.refresh(experiment.trainer, experiment.running)
        stuck = experiment.watch.refresh(experiment.trainer, experiment.running)
        present, boundary, losses, norms, network = experiment.tables(x_axis)
        ended = was_running and not experiment.running
    if ended:
        st.rerun()
    with st.container(key="stuck"):
        if stuck:
            st.warning(stuck)
    _numbers(present, experiment, proof)
    left, right = st.columns(2)
    with left:
        _chart(experiment.picture.boundary, boundary, "boundary")
        _how_many_are_drawn(experiment)
    with right:
        _chart(loss_chart(x_axis, bool(experiment.trainer.split.y_test.size)), losses, "losses")
        _chart(norm_chart(x_axis), norms, "norms")
    _chart(experiment.picture.network, network, "network")
    experiment.drawing = time.perf_counter() - started
    # What is not flushed when the next frame starts is dropped.
    time.sleep(0.015)


def _chart(spec, tables, key):
    st.vega_lite_chart({**spec, "datasets": tables}, width="stretch", key=keys.picture(key))


def _how_many_are_drawn(experiment):
    drawn, all_of_them = (
        experiment.picture.shown.size,
        experiment.trainer.split.y_train.size + experiment.trainer.split.y_test.size,
    )
    if drawn < all_of_them:
        st.caption(f"{drawn} of {all_of_them:,} samples are drawn, chosen at random; all are trained and tested on.")


def _how_to_read(config):
    """What lines, dots and squares of the network picture are."""
    h = config.hidden_size
    some = f" The first {MOST_UNITS} of {h} hidden units are drawn." if h > MOST_UNITS else ""
    return (
        "Lines are weights and dots are biases: orange below 0, blue above, the larger the wider; hover for value and "
        "gradient. Each square is what a hidden unit makes of the plane, A1: "
        f"{ACTIVATIONS[config.activation].colours}.{some}"
    )


def _numbers(present, experiment, proof):
    has_test = experiment.trainer.split.y_test.size > 0
    numbers = {
        "Epoch": f"{present['epoch']:,}",
        "Update": f"{present['update']:,}",
        "Train loss": f"{present['train_loss']:.4f}",
        "Test loss": f"{present['test_loss']:.4f}" if has_test else "–",
        "Test accuracy": f"{present['test_accuracy']:.1%}" if has_test else "–",
        "Gradient norm": f"{present['grad_norm']:.2e}",
    }
    done = min(present["epoch"] / experiment.target, 1.0)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="numbers"):
        for label, value in numbers.items():
            st.metric(label, value, width=104)
        st.progress(done, text=f"Epoch {present['epoch']:,} of {experiment.target:,} · {proof}")
