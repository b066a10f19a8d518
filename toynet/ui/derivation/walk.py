"""Walk through: the phases of one update, each quantity with formula, shape, value and line of code."""

import streamlit as st

from toynet.derivation.numerals import text
from toynet.derivation.quantities import PHASES, WITHIN, factors, latex_name, quantities
from toynet.ui import keys
from toynet.ui.controls import choices
from toynet.ui.derivation import matrices, sample


def section(moment):
    """Draw the phase that the person has stepped to."""
    place = sample.choose(moment)
    known = quantities(*moment.chosen(place), moment.config.learning_rate)
    step = choices.remembered(keys.PHASE, 0)
    _steps(step)
    _overview(step)
    m = 1 if place is not None else moment.split.y_train.size
    st.caption(f"Samples are the columns, i = 1 … m, here m = {m:,}; hidden units are the rows, h = {moment.h:,}.")
    _quantities([known[symbol] for symbol in PHASES[step].symbols], PHASES[step].name)
    if PHASES[step].name == "update" and place is not None:
        st.caption("With one sample: what the parameters would be if an update saw only this sample.")
    if PHASES[step].name == "output" and place is not None:
        _factors(moment, place)
    if step > 0:
        with st.expander("Known from the steps before"):
            matrices.cards(matrices.card(s, known[s].value) for phase in PHASES[:step] for s in phase.symbols)


def _go(by):
    choices.remember(keys.PHASE, min(max(choices.remembered(keys.PHASE, 0) + by, 0), len(PHASES) - 1))


def _steps(step):
    with st.container(horizontal=True, vertical_alignment="center", key="steps"):
        st.button("Back", key=keys.BACK, on_click=_go, args=(-1,), disabled=step == 0)
        st.button("Next", key=keys.NEXT, on_click=_go, args=(1,), disabled=step == len(PHASES) - 1, type="primary")
        st.markdown(f"**Step inside one update, {step + 1} of {len(PHASES)}. {PHASES[step].title}**", width="stretch")


def _overview(step):
    """The names of all quantities in a row: what is new is blue, what is known grey, the rest bare."""
    parts = []
    for number, phase in enumerate(PHASES):
        style = ":gray-badge[{}]" if number < step else ":blue-badge[{}]" if number == step else ":gray[{}]"
        parts += [style.format(f"${latex_name(symbol)}$") for symbol in phase.symbols]
    with st.container(key="overview"):
        st.markdown(" ".join(parts))


def _quantities(new, phase):
    """The quantities of a phase; the line of code that makes all new parameters is said once, above."""
    shared = new[0].lines if phase == "update" else ()
    if shared:
        st.markdown(f"All of them: {_code(shared)}")
    for quantity in new:
        _quantity(quantity, () if shared else quantity.lines)


def _quantity(quantity, lines):
    """One quantity: what it is and how it is computed, its numbers beside that, or below where they are many."""
    shape = "" if quantity.shape_text == "scalar" else f", {quantity.shape_text}"
    _, how = WITHIN.get(quantity.symbol, ("", ""))
    parts = [f":blue-badge[new] **{quantity.symbol}**: {quantity.meaning}{shape}", f"${quantity.latex}$"]
    parts += [f"{how} {_code(lines)}".strip()] if lines else []
    with st.container(border=True, key=f"quantity_{quantity.symbol}"):
        if matrices.is_wide(quantity.value):
            st.markdown("  \n".join(parts))
            matrices.show(quantity.value, quantity.symbol)
            return
        left, right = st.columns([3, 2], vertical_alignment="center")
        left.markdown("  \n".join(parts))
        with right:
            matrices.show(quantity.value, quantity.symbol)


def _code(lines):
    """Lines of `network.py` as Markdown."""
    return "  \n".join(f"`{line.text}` :small[:gray[network.py, line {line.number}]]" for line in lines)


def _factors(moment, place):
    """The chain rule's three factors multiplied out, beside what they simplify to."""
    found = factors(moment.parameters, *_one(moment, place), moment.activation)
    st.subheader("The three factors, number by number", anchor=False)
    if found.note:
        st.warning(found.note)
    h = found.product.size
    st.markdown(
        r"$\frac{\partial C}{\partial W_2} = (1) \cdot (2) \cdot (3)"
        r" = \frac{\hat{y} - y}{\hat{y}(1 - \hat{y})} \cdot \hat{y}(1 - \hat{y}) \cdot A_1^\top"
        r" = (\hat{y} - y) A_1^\top$"
    )
    parts = [
        ("dC_dy_hat", found.dC_dy_hat, "(1)"),
        ("dy_hat_dZ2", found.dy_hat_dZ2, "(2)"),
        ("dC_dZ2", found.error, "(1) · (2) = ŷ − y"),
        ("dZ2_dW2", found.dZ2_dW2, "(3) = A₁ᵀ"),
        ("dC_dW2", found.product, "(1) · (2) · (3)"),
        ("dC_dW2", found.simplified, "(ŷ − y) A₁ᵀ"),
    ]
    matrices.cards(matrices.card(*part) for part in parts)
    if not found.saturated:
        numbers = "the one number" if h == 1 else f"all {h} numbers"
        rounding = f"they differ by {text(found.difference, 1)} at most, rounding alone"
        rounding = rounding if found.difference else "no digit differs"
        st.success(f"The same, {numbers}: {rounding}.")


def _one(moment, place):
    return moment.split.X_train[place], float(moment.split.y_train[place])
