"""The Train page: transport, numbers and the four pictures, live."""

import time

import streamlit as st

from toynet.activations import ACTIVATIONS
from toynet.charts.curves import X_AXES, loss_chart, norm_chart
from toynet.charts.network import MOST_UNITS
from toynet.ui import experiment, frame, startup
from toynet.ui.controls import choices, download
from toynet.ui.experiment import PERIOD, SPEEDS


def page():
    """Draw the page: transport and live pictures."""
    _transport()
    with st.container(key="messages", gap="small"):
        frame.messages()
    st.fragment(_frame, run_every=PERIOD if experiment.current().running else None)()
    st.caption(_how_to_read(experiment.current().trainer.config))
    startup.prepare()


# --- the transport -------------------------------------------------------------------


def _reset():
    experiment.start(experiment.current().trainer.config)


def _train():
    with experiment.current().own.turn():
        experiment.current().train()


def _pause():
    with experiment.current().own.turn():
        experiment.current().running = False


def _step():
    with experiment.current().own.turn():
        experiment.current().trainer.step()


def _one_epoch():
    with experiment.current().own.turn():
        experiment.current().trainer.run_epoch()


def _transport():
    now = experiment.current()
    over = bool(now.trainer.diverged)
    with st.container(horizontal=True, vertical_alignment="bottom", key="transport"):
        st.button("Reset", on_click=_reset, key="reset", help="Back to the initial weights of this seed.")
        # One key for both: two buttons would stand side by side for a moment and shift the others.
        label, act = ("Pause", _pause) if now.running else ("Train", _train)
        st.button(label, on_click=act, key="train_pause", type="primary", width=90, disabled=over and not now.running)
        idle = not now.running and not over
        st.button("Step (one update)", on_click=_step, key="step", disabled=not idle, help="One update of the weights.")
        st.button("One epoch", on_click=_one_epoch, key="one_epoch", disabled=not idle, help="To the end of the epoch.")
        choices.segments(
            "Epochs a frame",
            list(SPEEDS),
            "speed",
            "10",
            help="How many epochs to train, at most, between two frames; Max: as many as fit.",
        )
        choices.segments(
            "Curves over",
            list(X_AXES),
            "x_axis",
            "epoch",
            format_func=lambda column: X_AXES[column].split()[0],
            help="What runs along the horizontal axis of both curves.",
        )
        download.button(
            "Download CSV",
            now.csv,
            f"toynet-{now.trainer.run_name}.csv",
            "text/csv",
            key="download",
            help="The metrics of this run so far, a row an epoch.",
        )


# --- the live part ---------------------------------------------------------------------


def _frame():
    """One frame: train for a moment, then draw that moment."""
    now, speed, x_axis = experiment.current(), SPEEDS[choices.kept("speed")], choices.kept("x_axis")
    with now.own.turn():
        was_running = now.running
        if was_running:
            now.advance(speed)
        started = time.perf_counter()
        proof = now.badge.refresh(now.trainer, now.running)
        present, boundary, losses, norms, network = now.tables(x_axis)
        ended = was_running and not now.running
    if ended:
        st.rerun()
    _numbers(present, now, proof)
    left, right = st.columns(2)
    with left:
        _chart(now.picture.boundary, boundary, "boundary")
        _how_many_are_drawn(now)
    with right:
        _chart(loss_chart(x_axis, bool(now.trainer.split.y_test.size)), losses, "losses")
        _chart(norm_chart(x_axis), norms, "norms")
    _chart(now.picture.network, network, "network")
    now.drawing = time.perf_counter() - started
    # What is not flushed when the next frame starts is dropped.
    time.sleep(0.015)


def _chart(spec, tables, key):
    st.vega_lite_chart({**spec, "datasets": tables}, width="stretch", key=key)


def _how_many_are_drawn(now):
    drawn, all_of_them = now.picture.shown.size, now.trainer.split.y_train.size + now.trainer.split.y_test.size
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


def _numbers(present, now, proof):
    has_test = now.trainer.split.y_test.size > 0
    numbers = {
        "Epoch": f"{present['epoch']:,}",
        "Update": f"{present['update']:,}",
        "Train loss": f"{present['train_loss']:.4f}",
        "Test loss": f"{present['test_loss']:.4f}" if has_test else "–",
        "Test accuracy": f"{present['test_accuracy']:.1%}" if has_test else "–",
        "Gradient norm": f"{present['grad_norm']:.2e}",
    }
    done = min(present["epoch"] / now.target, 1.0)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key="numbers"):
        for label, value in numbers.items():
            st.metric(label, value, width=104)
        st.progress(done, text=f"Epoch {present['epoch']:,} of {now.target:,} · {proof}")
