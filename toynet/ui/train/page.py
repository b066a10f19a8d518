"""The Train page: transport, numbers and the pictures, live: four, of three classes and more five."""

import time
from contextlib import suppress
from functools import partial

import streamlit as st

from toynet.activations import ACTIVATIONS
from toynet.charts import thumbnails
from toynet.charts.network import MOST_INPUTS, MOST_UNITS
from toynet.ui import address, keeping, keys, messages, session, startup
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices, download
from toynet.ui.experiment import FRAMES, PERIOD, SPEEDS, Experiment
from toynet.ui.picture import Look
from toynet.ui.train import as_code, behind, beside, chance, plan, rewind, ruler
from toynet.ui.train import view as curves_view
from toynet.ui.train.numbers import numbers_html

WELCOME = (
    "A network with one hidden layer learns to tell {} classes apart, with the update derived by hand: "
    "press Train and watch."
)

NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
"""How many classes there may be."""

SOON = 0.3
"""Seconds to wait at rest for what is new of a run to be written, or to hear why it is not."""

LOADING = 0.08
"""Seconds that a browser has to load a field before it is shown."""


def page():
    """Draw the page: transport and live pictures."""
    with st.container(horizontal=True, vertical_alignment="center", key="welcome"):
        classes = len(session.current().experiment.trainer.split.class_names)
        st.caption(WELCOME.format(NUMBERS[classes - 2]))
        plan.choose()
    _transport()
    with st.container(key="messages", gap="small"):
        messages.show()
    experiment = session.current().experiment
    # A little shorter than its frames take: the next request is there when they are over.
    run_every = 0.95 * FRAMES * PERIOD if experiment.moves else None
    st.fragment(_live, run_every=run_every)(experiment, experiment.moves, _told(experiment))
    st.caption(_how_to_read(experiment.trainer))
    as_code.section(experiment)
    startup.prepare()


# --- the transport -------------------------------------------------------------------


def _reset():
    tab = session.current()
    with suppress(ValueError):  # its file is gone: the sidebar says so, which looks for it too
        tab.start(tab.experiment.trainer.config)


def _press(action):
    """A button of the transport: what it does waits until the experiment is what the sidebar says."""
    session.current().pressed = action


def _transport():
    experiment = session.current().experiment
    over = bool(experiment.group.diverged)
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
        curves_view.choose()
        behind.choose()
        download.button(
            "Download CSV",
            experiment.csv,
            f"toynet-{experiment.trainer.run_name}.csv",
            "text/csv",
            key=keys.DOWNLOAD,
            help="The metrics of this run so far, a row an epoch.",
        )


# --- the live part ---------------------------------------------------------------------


def _live(experiment, moves, told):
    """Some frames: each trains for a moment, or goes back to one, then draws that moment.

    The first frame makes the elements, the others put what is new in their places. What the page around
    them shows (which experiment, whether it moves, what is told) is drawn anew when it is no longer so.
    """
    if session.current().experiment is not experiment or experiment.moves != moves:
        st.rerun()
    rewind.seek(experiment)
    view, speed = curves_view.chosen(), SPEEDS[choices.remembered(keys.SPEED, "10")]
    slots = {}
    for number in range(FRAMES):
        begun = time.perf_counter()
        _move(experiment, speed)
        if experiment.moves != moves or _told(experiment) != told:
            st.rerun()
        address.name(experiment)
        started = time.perf_counter()
        _draw(experiment, view, slots, is_first=number == 0)
        experiment.drawing = time.perf_counter() - started
        if not moves:
            break
        _wait_until(begun + PERIOD, experiment)
    if not moves:
        experiment.keep_luck()
        keeping.keeper().flush(SOON)
        if _told(experiment) != told:
            st.rerun()


def _move(experiment, speed):
    """On to the next moment, and what is new to the store."""
    if experiment.playing:
        experiment.play_on()
    with experiment.lock.turn():
        if experiment.running or experiment.comes_level:
            experiment.advance(speed)
        experiment.note()


def _told(experiment):
    """What messages say of how the run is kept, and looked back at."""
    return keeping.keeper().problem, experiment.kept.taken, experiment.damage


def _wait_until(moment, experiment):
    """Wait for the next frame; a click ends that, for whoever reads the session's state can be stopped there."""
    while time.perf_counter() < moment and session.current().experiment is experiment:
        time.sleep(0.004)


def _draw(experiment, view, slots, is_first):
    """Draw this moment."""
    with experiment.lock.turn():
        moves = experiment.moves
        proof = experiment.badge.refresh(experiment.shown, moves)
        stuck = experiment.watch.refresh(experiment.shown, moves)
        had = experiment.picture.newest
        seen = None if moves else session.current().seen
        look = Look(view, seen, is_first or not moves, ahead=True, others=_behind(experiment))
        frame = experiment.frame(look)
        newest = experiment.picture.newest
    if is_first:
        with st.container(key="stuck"):
            if stuck:
                st.warning(stuck)
    _numbers(frame, experiment, proof, slots)
    _charts(frame, experiment, slots)
    if not moves and had and newest != had:
        # The fields of the last moment are on their way: show them, with the lines, when they are there.
        time.sleep(LOADING)
        with experiment.lock.turn():
            frame = experiment.frame(look._replace(is_first=False, ahead=False))
        _chart(slots, "boundary", *frame.charts["boundary"])
        if experiment.picture.images:
            _chart(slots, "network", *frame.charts["network"])
    if not moves:
        ruler.place(rows=len(experiment.trainer.recorded["epoch"]))


def _behind(experiment):
    """Histories of the runs behind the live curves; a race has its lanes."""
    return () if experiment.plan.kind == "race" else behind.histories()


def _charts(frame, experiment, slots):
    """Boundary beside curves, the row that rewinds them, and the network below."""
    kind = experiment.plan.kind
    if "places" not in slots:
        left, right = st.columns(2)
        with left:
            places = st.container()
            _what_is_drawn(experiment)
        with right.container(gap="small"):
            curves = [st.container(key=keys.zoomed(name)) for name in ("losses", "norms")]
            if kind == "race":
                st.html(beside.race_legend(experiment.group, curves_view.chosen()))
            else:
                if kind == "luck":
                    st.html(beside.luck_legend(experiment.group))
                behind.legend()
        slots["standing"] = st.container(key="standing") if kind == "race" else None
        if kind == "race":
            chance.section(experiment)
        rewind.row(experiment)
        slots["places"] = dict(zip(("boundary", "losses", "norms"), (places, *curves), strict=True))
        below = st.columns([0.7, 0.3]) if "confusion" in frame.charts else [st.container()]
        slots["places"] |= dict(zip(("network", "confusion"), below, strict=False))
    charts = {name: (ruler.watched(spec, name) if name in ("losses", "norms") else spec, tables)
              for name, (spec, tables) in frame.charts.items()}  # fmt: skip
    for name, place in slots["places"].items():
        _chart(slots, name, *charts[name], place)
    if slots["standing"]:
        runs = experiment.back.runs if experiment.back else experiment.group.runs
        slots["standing"] = slots["standing"].html(
            beside.standing_html(experiment.group, frame.rows, runs, _behind_words(experiment))
        )


def _chart(slots, name, spec, tables, place=None):
    """Draw a chart in its place, or what is new in it."""
    slot = slots.get(name, place)
    slots[name] = slot.vega_lite_chart({**spec, "datasets": tables}, width="stretch", key=keys.picture(name))


def _behind_words(experiment):
    """What is said of others that are still on their way to where the own run is."""
    return "" if experiment.back else beside.behind_html(experiment.group)


def _numbers(frame, experiment, proof, slots):
    has_test = experiment.trainer.split.y_test.size > 0
    slot = slots.get("numbers") or st.container(key="numbers")
    words = _behind_words(experiment)
    luck = beside.strip_html(experiment.group, frame.rows, words) if experiment.plan.kind == "luck" else ""
    slots["numbers"] = slot.html(numbers_html(frame.rows[0], has_test, experiment.target, proof, luck))


def _what_is_drawn(experiment):
    """Said where the picture does not show all of the samples, or of the inputs."""
    split, drawn = experiment.trainer.split, experiment.picture.shown.size
    all_of_them = split.y_train.size + split.y_test.size
    said = []
    if drawn < all_of_them:
        said.append(f"{drawn} of {all_of_them:,} samples are drawn, chosen at random; all are trained and tested on.")
    if split.drawn and "" in split.drawn.sources:
        x, y = map(as_text, split.pictured.feature_names)
        others = split.drawn.sources.count("")
        which = f"the {others} other inputs at their" if others > 1 else "the other input at its"
        said.append(
            f"The field is drawn over {x} and {y}, with {which} mean. Samples have values of their own there: one "
            "may be told rightly and yet lie beyond a line."
        )
    if said:
        st.caption(" ".join(said))


def _how_to_read(trainer):
    """What lines, dots and squares of the network picture are."""
    split, config = trainer.split, trainer.config
    h, d = config.hidden_size, len(split.feature_names)
    some = f" The first {MOST_INPUTS} of {d} inputs are drawn." if d > MOST_INPUTS else ""
    some += f" The first {MOST_UNITS} of {h} hidden units are drawn." if h > MOST_UNITS else ""
    if split.outputs > 1:
        some += " The squares below are the outputs: the probability of each class, grey 0, its colour 1."
    if thumbnails.bent(split):
        some += " An input that is not a straight line over the plane has a square too."
    return (
        "Lines are weights and dots are biases: orange below 0, blue above, the larger the wider; hover for value and "
        "gradient. Each square is what a hidden unit makes of the plane, A1: "
        f"{ACTIVATIONS[config.activation].colours}.{some}"
    )
