"""Your turn: one quantity of a small example is hidden; the person types it, and it is marked."""

import streamlit as st

from toynet.derivation.exercise import L2, MOMENTUM, ask, hideable, mark
from toynet.derivation.formulas import latex_name, plain_name
from toynet.derivation.typed_numbers import parse_numbers
from toynet.ui import keys
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices
from toynet.ui.derivation import matrices

OUTPUTS = 3
"""Of an example of several outputs; with two hidden units, that its matrices can be typed."""


def section(moment):
    """Draw the example, the field for the answer and its marking."""
    form = moment.form._replace(k=min(moment.form.k, OUTPUTS))
    with st.container(horizontal=True, vertical_alignment="bottom", key="asking"):
        symbol = choices.select("Compute", keys.ASKED, list(hideable(form)), format_func=plain_name, width=200)
        st.button("New example", key=keys.NEW_EXAMPLE, on_click=_another)
    seed = choices.remembered(keys.EXAMPLE, 0)
    asked = _ask(seed, symbol, moment.activation, form)
    rows, columns = asked.shape
    st.markdown(
        f"One sample (m = 1), {_sizes(asked)}. Compute "
        f"**${latex_name(symbol)}$** (`{symbol}`), {asked.hidden.meaning}: {rows} × {columns} "
        f"number{'s' * (rows * columns > 1)}; three digits are enough."
    )
    given = [matrices.card(s, q.value, axes=q.axes) for s, q in asked.shown.items()]
    matrices.cards([*given, matrices.card(symbol, None)])
    with st.expander("The formula"):
        st.latex(asked.hidden.latex)
    key = keys.answer(symbol, seed, _variant(moment.activation, form))
    with st.form(f"form_{key}", border=False):
        typed = st.text_area("Your numbers, row by row", key=key, height=90, placeholder="0.12, -0.5 ...")
        checking = st.form_submit_button("Check", type="primary")
    if checking:
        _mark(asked, typed)


def _ask(seed, symbol, activation, form):
    """The example: of several outputs a smaller one, and with the terms that are on."""
    hidden_size = 4 if form.k == 1 else 2
    l2, momentum = L2 * form.has_l2, MOMENTUM * form.has_momentum
    return ask(seed, symbol, hidden_size, activation, form.output, form.k, l2, momentum)


def _sizes(asked):
    """What the example is, in words."""
    form = asked.form
    parts = ["four hidden units"] if form.k == 1 else ["two hidden units", f"three {form.output} outputs"]
    parts += [f"g = {asked.activation}", f"η = {asked.learning_rate:g}"]
    return ", ".join(parts + [f"λ = {asked.l2:g}"] * form.has_l2 + [f"μ = {asked.momentum:g}"] * form.has_momentum)


def _variant(activation, form):
    """What tells the answers to one kind of example from those to another."""
    several = [form.output] if form.k > 1 else []
    return "_".join([activation, *several, *["l2"] * form.has_l2, *["momentum"] * form.has_momentum])


def _another():
    choices.remember(keys.EXAMPLE, choices.remembered(keys.EXAMPLE, 0) + 1)


def _mark(asked, typed):
    """Mark what was typed; the answer itself only where the person asks for it."""
    try:
        answer = parse_numbers(typed, asked.shape)
        marking = mark(asked, answer)
    except ValueError as error:
        st.warning(as_text(error))
        return
    if marking.correct:
        st.success(marking.message)
    else:
        st.error(marking.message)
    if answer.shape == marking.right.shape:
        matrices.show(answer, asked.hidden.symbol, right=marking.right, axes=asked.hidden.axes)
    with st.expander("The right answer"):
        matrices.show(asked.hidden.value, asked.hidden.symbol, axes=asked.hidden.axes)
