"""Walk through: the phases of one update, each quantity with formula, shape, value and line of code."""

from itertools import groupby

import streamlit as st

from toynet.derivation.factors import factors
from toynet.derivation.form import phases
from toynet.derivation.formulas import latex_name
from toynet.derivation.numerals import text
from toynet.derivation.quantities import quantities
from toynet.derivation.source_lines import WITHIN
from toynet.ui import keys
from toynet.ui.controls import choices
from toynet.ui.derivation import matrices, sample


def section(moment):
    """Draw the phase that the person has stepped to."""
    place = sample.choose(moment)
    known = quantities(*moment.chosen(place), **moment.of_update)
    step, steps = choices.remembered(keys.PHASE, 0), phases(moment.form)
    _steps(step, steps)
    _overview(step, steps)
    m = 1 if place is not None else moment.split.y_train.size
    st.caption(_what_the_axes_are(m, moment))
    _quantities([known[symbol] for symbol in steps[step].symbols], steps[step].name)
    if steps[step].name == "update" and place is not None:
        st.caption("With one sample: what the parameters would be if an update saw only this sample.")
    if steps[step].name == "output" and place is not None:
        _factors(moment, place)
    if step > 0:
        with st.expander("Known from the steps before"):
            before = [known[symbol] for phase in steps[:step] for symbol in phase.symbols]
            matrices.cards(matrices.card(q.symbol, q.value, axes=q.axes) for q in before)


def _what_the_axes_are(m, moment):
    """What rows and columns are, and how many."""
    k = moment.form.k
    classes = f"; in the output layer the rows are the classes, c = 0 … {k - 1}" if k > 1 else ""
    return f"Samples are the columns, i = 1 … m, here m = {m:,}; hidden units are the rows, h = {moment.h:,}{classes}."


def _go(by, last):
    choices.remember(keys.PHASE, min(max(choices.remembered(keys.PHASE, 0) + by, 0), last))


def _steps(step, steps):
    last = len(steps) - 1
    with st.container(horizontal=True, vertical_alignment="center", key="steps"):
        st.button("Back", key=keys.BACK, on_click=_go, args=(-1, last), disabled=step == 0)
        st.button("Next", key=keys.NEXT, on_click=_go, args=(1, last), disabled=step == last, type="primary")
        st.markdown(f"**Step inside one update, {step + 1} of {len(steps)}. {steps[step].title}**", width="stretch")


def _overview(step, steps):
    """The names of all quantities in a row: what is new is blue, what is known grey, the rest bare."""
    parts = []
    for number, phase in enumerate(steps):
        style = ":gray-badge[{}]" if number < step else ":blue-badge[{}]" if number == step else ":gray[{}]"
        parts += [style.format(f"${latex_name(symbol)}$") for symbol in phase.symbols]
    with st.container(key="overview"):
        st.markdown(" ".join(parts))


def _quantities(new, phase):
    """The quantities of a phase; a line of code that makes all new parameters is said once, above them."""
    if phase != "update":
        for quantity in new:
            _quantity(quantity, quantity.lines)
        return
    groups = [(lines, list(group)) for lines, group in groupby(new, key=lambda quantity: quantity.lines)]
    for lines, group in groups:
        if lines:
            names = ", ".join(f"${latex_name(quantity.symbol)}$" for quantity in group)
            st.markdown(f"{'All of them' if len(groups) == 1 else names}: {_code(lines)}")
        for quantity in group:
            _quantity(quantity, ())


def _quantity(quantity, lines):
    """One quantity: what it is and how it is computed, its numbers beside that, or below where they are many."""
    shape = "" if quantity.shape_text == "scalar" else f", {quantity.shape_text}"
    _, how = WITHIN.get(quantity.symbol, ("", ""))
    parts = [f":blue-badge[new] **{quantity.symbol}**: {quantity.meaning}{shape}", f"${quantity.latex}$"]
    parts += [f"{how} {_code(lines)}".strip()] if lines else []
    with st.container(border=True, key=f"quantity_{quantity.symbol}"):
        if matrices.is_wide(quantity.value):
            st.markdown("  \n".join(parts))
            matrices.show(quantity.value, quantity.symbol, axes=quantity.axes)
            return
        left, right = st.columns([3, 2], vertical_alignment="center")
        left.markdown("  \n".join(parts))
        with right:
            matrices.show(quantity.value, quantity.symbol, axes=quantity.axes)


def _code(lines):
    """Lines of `network.py` as Markdown."""
    return "  \n".join(f"`{line.text}` :small[:gray[network.py, line {line.number}]]" for line in lines)


ONE = (
    r"\frac{\partial C}{\partial W_2} = (1) \cdot (2) \cdot (3)"
    r" = \frac{\hat{y} - y}{\hat{y}(1 - \hat{y})} \cdot \hat{y}(1 - \hat{y}) \cdot A_1^\top"
    r" = (\hat{y} - y) A_1^\top"
)

SEVERAL = {
    "sigmoid": r"\frac{\partial C}{\partial W_2} = (2)^\top (1) \, (3)"
    r" = \text{diag}(\hat{y} (1 - \hat{y})) \frac{\hat{y} - Y}{\hat{y}(1 - \hat{y})} A_1^\top"
    r" = (\hat{y} - Y) A_1^\top",
    "softmax": r"\frac{\partial C}{\partial W_2} = (2)^\top (1) \, (3)"
    r" = -\left( \text{diag}(\hat{y}) - \hat{y} \hat{y}^\top \right) \frac{Y}{\hat{y}} A_1^\top"
    r" = (\hat{y} - Y) A_1^\top",
}


def _factors(moment, place):
    """The chain rule's three factors multiplied out, beside what they simplify to."""
    form = moment.form
    found = factors(moment.parameters, *_one(moment, place), moment.activation, form.output)
    st.subheader("The three factors, number by number", anchor=False)
    if found.note:
        st.warning(found.note)
    count, y = found.product.size, form.classes
    st.markdown(f"${ONE if form.k == 1 else SEVERAL[form.output]}$")
    one_and_two, product = ("(1) · (2)", "(1) · (2) · (3)") if form.k == 1 else ("(2)ᵀ (1)", "(2)ᵀ (1) (3)")
    parts = [
        ("dC_dy_hat", found.dC_dy_hat, "(1)"),
        ("dy_hat_dZ2", found.dy_hat_dZ2, "(2)", "k k"),
        ("dC_dZ2", found.error, f"{one_and_two} = ŷ − {y}"),
        ("dZ2_dW2", found.dZ2_dW2, "(3) = A₁ᵀ"),
        ("dC_dW2", found.product, product),
        ("dC_dW2", found.simplified, f"(ŷ − {y}) A₁ᵀ"),
    ]
    matrices.cards(matrices.card(*part) for part in parts)
    if not found.saturated:
        numbers = "the one number" if count == 1 else f"all {count} numbers"
        rounding = f"they differ by {text(found.difference, 1)} at most, rounding alone"
        rounding = rounding if found.difference else "no digit differs"
        st.success(f"The same, {numbers}: {rounding}.")


def _one(moment, place):
    return moment.split.X_train[place], float(moment.split.y_train[place])
