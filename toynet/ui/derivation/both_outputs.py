"""Both outputs: why sigmoid and softmax give the same dC/dZ2, with both Jacobians multiplied out for one sample."""

import streamlit as st

from toynet.derivation import outputs
from toynet.derivation.numerals import text
from toynet.network import forward, one_hot
from toynet.ui.derivation import matrices, sample

WHAT = {
    "sigmoid": "each output its own yes or no",
    "softmax": "probabilities that sum to 1",
}

TITLES = {"y_hat": "ŷ", "dC_dy_hat": "(1)", "dy_hat_dZ2": "(2)", "dC_dZ2": "(2)ᵀ (1)"}
"""Symbol -> what is written over its numbers, in the order in which they follow from Z2."""


def section(moment):
    """Draw the sample's Z2 and Y, and side by side what each output makes of them."""
    place, k = sample.choose_one(moment), moment.form.k
    parameters, X, y, activation = moment.chosen(place)
    Z2, Y = forward(parameters, X, activation).Z2, one_hot(y, k)
    st.markdown(
        "Two outputs, two costs, two Jacobians, and one result: ∂C/∂Z2 = ŷ − Y for this sample, and its mean over "
        f"the samples for all of them. That is why `backward` need not know which output it is. Here {k} outputs at "
        "the same Z2, with m = 1."
    )
    matrices.cards([matrices.card("Z2", Z2), matrices.card("Y", Y)])
    shown = outputs.side_by_side(Z2, Y)
    for column, (output, found) in zip(st.columns(2), shown.items(), strict=True):
        with column, st.container(border=True, key=f"output_{output}"):
            _output(output, found, output == moment.form.output)
    st.markdown(_why(shown))


def _why(shown):
    """The same in words."""
    sums = {output: text(float(found.error.sum()), 2) for output, found in shown.items()}
    return (
        "Sigmoid's (1) has an entry for every output, and its Jacobian is diagonal: each entry meets its own slope "
        "ŷ (1 − ŷ), which cancels. Softmax's (1) has one entry, −1/ŷ of the own class; row and column of that class in "
        "the Jacobian have this ŷ as a factor, which cancels: what is left is ŷ − 1 for the own class, and ŷ for every "
        f"other, whose Y is 0. Softmax's errors sum to 0 (here {sums['softmax']}), as its probabilities always sum to "
        f"1; sigmoids' need not (here {sums['sigmoid']})."
    )


def _output(output, found, is_own):
    """One output: its cost, and every step with its formula, its line of code and its numbers."""
    st.markdown(f"**{output.capitalize()}**: {WHAT[output]}" + " :blue-badge[this network's]" * is_own)
    lines = outputs.lines(output)
    st.markdown(f"${outputs.FORMULAS[output]['C']}$")
    for symbol, title in TITLES.items():
        line = lines[symbol]
        st.markdown(
            f"${outputs.FORMULAS[output][symbol]}$  \n`{line.text}` :small[:gray[outputs.py, line {line.number}]]"
        )
        parts = [matrices.card(symbol, getattr(found, symbol), title, "k k" if symbol == "dy_hat_dZ2" else None)]
        if symbol == "dC_dZ2":
            parts.append(matrices.card(symbol, found.error, "ŷ − Y"))
        matrices.cards(parts)
    if found.note:
        st.warning(found.note)
    else:
        rounding = f"they differ by {text(found.difference, 1)} at most, rounding alone"
        st.success(f"The same, all {found.error.size} numbers: {rounding if found.difference else 'no digit differs'}.")
