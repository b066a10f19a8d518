"""Your turn: one quantity of a small example is hidden; the person types it, and it is marked."""

import streamlit as st

from toynet.derivation.exercise import HIDEABLE, ask, mark
from toynet.derivation.quantities import latex_name, plain_name
from toynet.derivation.typed_numbers import parse_numbers
from toynet.ui import keys
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices
from toynet.ui.derivation import matrices


def section(moment):
    """Draw the example, the field for the answer and its marking."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="asking"):
        symbol = choices.select("Compute", keys.ASKED, list(HIDEABLE), format_func=plain_name, width=200)
        st.button("New example", key=keys.NEW_EXAMPLE, on_click=_another)
    seed = choices.remembered(keys.EXAMPLE, 0)
    asked = ask(seed, symbol, activation=moment.activation)
    rows, columns = asked.shape
    st.markdown(
        f"One sample (m = 1), four hidden units, g = {asked.activation}, η = {asked.learning_rate:g}. Compute "
        f"**${latex_name(symbol)}$** (`{symbol}`), {asked.hidden.meaning}: {rows} × {columns} "
        f"number{'s' * (rows * columns > 1)}; three digits are enough."
    )
    given = [matrices.card(s, q.value) for s, q in asked.shown.items()]
    matrices.cards([*given, matrices.card(symbol, None)])
    with st.expander("The formula"):
        st.latex(asked.hidden.latex)
    key = keys.answer(symbol, seed, moment.activation)
    with st.form(f"form_{key}", border=False):
        typed = st.text_area("Your numbers, row by row", key=key, height=90, placeholder="0.12, -0.5 ...")
        checking = st.form_submit_button("Check", type="primary")
    if checking:
        _mark(asked, typed)


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
        matrices.show(answer, asked.hidden.symbol, right=marking.right)
    with st.expander("The right answer"):
        matrices.show(asked.hidden.value, asked.hidden.symbol)
