"""Numbers as matrices in brackets, coloured by sign and size: orange below zero, blue above.

A matrix is whole and in one bracket; a large one scrolls, and its rows and columns are numbered.
"""

import math

import numpy as np
import streamlit as st

from toynet.charts import palette
from toynet.derivation.form import Form, shapes
from toynet.derivation.formulas import plain_name
from toynet.derivation.numerals import text

MOST_NUMBERS = 2400
"""Numbers shown of a matrix at most: all of 8 x 300. Of a larger one the first rows and columns."""

MOST_IN_CARD = 600
"""The same in a card among others."""

MOST_ROWS = 64
"""Rows shown at most where there are many columns."""

FEW = 4
"""Rows, or columns, that can be told apart without numbers."""

AXES = {"m": "sample", "h": "unit", "d": "input", "k": "class", "km": "sample"}
"""Letter of `form.shapes` -> what is numbered along it."""

ALWAYS = ("m", "k", "km")
"""What is numbered where there are two already: samples, and classes, which begin at 0."""

LETTERS = shapes(Form(3, "sigmoid", True, True)) | {"y": "k m"}
"""Symbol -> the letters of its axes; an axis of one output is not numbered."""

SCALES = {"Z1": 4.0, "Z2": 4.0, "dy_hat_dZ2": 0.25, "dC_dy_hat": 4.0}
"""Symbol -> what is large for it where it is one number alone; 1 for the others, as inputs are standardised and
probabilities and errors at most 1. Where Z2 = 4 the output is as good as sure; σ' is at most 1/4; factor (1) is
4 where a sample's own class has a probability of 1/4."""


def html(value, symbol, right=None, most=MOST_NUMBERS, axes=None):
    """A matrix as an HTML table.

    Parameters
    ----------
    value : ndarray (r, c) or float
    symbol : str
        The quantity, for what its axes are and how large its numbers may be.
    right : ndarray of bool, optional
        Entries to frame as right or wrong.
    most : int
        Numbers to show; of more, the first rows and columns, and that is said.
    axes : str, optional
        The letters of its axes, where they are not the `LETTERS` of the symbol.

    Returns
    -------
    str
    """
    value = np.atleast_2d(np.asarray(value, dtype=float))
    rows, columns = _shown(value.shape, most)
    largest = _largest(value, symbol)
    down, across = (LETTERS[symbol] if axes is None else axes).split() or "11"
    by_row, by_column = _numbered((down, across), value.shape)
    block = len(value) if across == "km" else 1
    lines = [_head(by_row, by_column, _numbers(across, columns, block))] if by_row or by_column else []
    for i, n in enumerate(_numbers(down, rows)):
        number = f"<th>{n}</th>" if by_row else "<th></th>" if by_column else ""
        marks = None if right is None else right[i]
        cells = (_cell(v, largest, None if marks is None else marks[j]) for j, v in enumerate(value[i, :columns]))
        opened, closed = (f'<td class="{side}" rowspan="{rows}"></td>' if i == 0 else "" for side in ("open", "close"))
        lines.append(f"<tr>{number}{opened}{''.join(cells)}{closed}</tr>")
    note = _cut(value.shape, (rows, columns))
    return f'<div class="matrix-box"><table class="matrix">{"".join(lines)}</table></div>{note}'


def _shown(shape, most):
    """Rows and columns of a matrix that are shown."""
    rows, columns = shape
    if rows * columns > most:
        rows = min(rows, max(MOST_ROWS, most // columns))
        columns = min(columns, max(most // rows, 1))
    return rows, columns


def _cut(shape, shown):
    """What is left out, in words."""
    parts = [
        f"{few:,} of {all_of_them:,} {axis}"
        for few, all_of_them, axis in zip(shown, shape, ("rows", "columns"), strict=True)
        if few < all_of_them
    ]
    return f'<div class="matrix-note">The first {" and ".join(parts)}.</div>' if parts else ""


def _largest(value, symbol):
    """What is coloured fully: the largest entry, or for one number alone what is large for its quantity."""
    if value.size == 1:
        return SCALES.get(symbol, 1.0)
    return float(np.abs(value[np.isfinite(value)]).max(initial=0.0)) or 1.0


def _numbers(letter, length, block=1):
    """What numbers an axis: classes from 0, all others from 1; of blocks each first column has its number."""
    first = 0 if letter == "k" else 1
    return [first + i // block if i % block == 0 else "" for i in range(length)]


def _numbered(letters, shape):
    """What the rows and the columns are, where they are numbered: all samples, and more than a few of the others."""
    return [
        AXES[letter] if letter in AXES and length > (1 if letter in ALWAYS else FEW) else ""
        for letter, length in zip(letters, shape, strict=True)
    ]


def _head(by_row, by_column, numbered):
    """The line over the bracket."""
    corner = "<br>".join(f"{axis} {arrow}" for axis, arrow in ((by_column, "→"), (by_row, "↓")) if axis)
    empty = f'<th colspan="{len(numbered)}"></th>'
    numbers = "".join(f"<th>{n}</th>" for n in numbered) if by_column else empty
    return f"<tr><th>{corner}</th><th></th>{numbers}<th></th></tr>"


def _cell(value, largest, right):
    share = 0.0 if math.isnan(value) else min(abs(value) / largest, 1.0)
    colour = palette.triple(palette.BLUE if value > 0 else palette.ORANGE)
    mark = "" if right is None else ' class="right"' if right else ' class="wrong"'
    return f'<td{mark} style="background:rgba({colour},{0.55 * share:.2f})">{text(value)}</td>'


def show(value, symbol, right=None, axes=None):
    """Draw a matrix, its entries framed as right or wrong where `right` says."""
    st.html(html(value, symbol, right, axes=axes))


def is_wide(value):
    """Whether a matrix wants a line of its own."""
    return np.atleast_2d(value).shape[1] > FEW


def card(symbol, value, title=None, axes=None):
    """A quantity's matrix under its name, to stand beside others in `cards`; `value` None is what is asked for."""
    asked = '<div class="matrix-asked">?</div>'
    content = html(value, symbol, most=MOST_IN_CARD, axes=axes) if value is not None else asked
    return f'<div class="matrix-card"><span class="matrix-name">{title or plain_name(symbol)}</span>{content}</div>'


def cards(parts):
    """Draw cards beside each other, as many as a line holds."""
    st.html(f'<div class="matrix-cards">{"".join(parts)}</div>')
