"""Numbers as small matrices, coloured by sign and size: orange below zero, blue above."""

import math

import numpy as np
import streamlit as st

MOST_ROWS, MOST_COLUMNS = 8, 8
"""A matrix with more is folded, and its first rows and columns are inside."""

FOLDED_ROWS = 16


def text(value):
    """Four significant digits, ∞ and a true minus."""
    if math.isnan(value):
        return "–"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value + 0.0:.4g}".replace("-", "−")


def html(value, rows=MOST_ROWS, columns=MOST_COLUMNS, right=None):
    """A matrix as an HTML table; of a larger one, the first rows and columns.

    Parameters
    ----------
    value : ndarray (r, c) or float
    rows, columns : int
    right : ndarray of bool, optional
        Entries to frame as right or wrong.

    Returns
    -------
    str
    """
    value = np.atleast_2d(np.asarray(value, dtype=float))
    finite = np.abs(value[np.isfinite(value)])
    largest = float(finite.max(initial=0.0)) or 1.0
    lines = []
    for i, row in enumerate(value[:rows]):
        cells = [_cell(v, largest, None if right is None else right[i, j]) for j, v in enumerate(row[:columns])]
        lines.append("".join([*cells, "<td>…</td>" if value.shape[1] > columns else ""]))
    if value.shape[0] > rows:
        lines.append("<td>⋮</td>")
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div class="matrix-box"><table class="matrix">{body}</table></div>'


def _cell(value, largest, right):
    share = 1.0 if math.isinf(value) else 0.0 if math.isnan(value) else abs(value) / largest
    colour = "8,119,189" if value > 0 else "245,147,34"
    mark = "" if right is None else ' class="right"' if right else ' class="wrong"'
    return f'<td{mark} style="background:rgba({colour},{0.55 * share:.2f})">{text(value)}</td>'


def show(value, symbol):
    """Draw a matrix; a large one folded."""
    value = np.atleast_2d(np.asarray(value, dtype=float))
    if value.shape[0] <= MOST_ROWS and value.shape[1] <= MOST_COLUMNS:
        st.html(html(value))
        return
    with st.expander(f"{symbol}: {value.shape[0]} × {value.shape[1]}, {_span(value)}"):
        st.html(html(value, FOLDED_ROWS))


def _span(value):
    return f"from {text(value.min())} to {text(value.max())}"


def card(name, value):
    """A named matrix, to stand beside others in `cards`; `value` None is what is asked for."""
    content = html(value) if value is not None else '<div class="matrix-asked">?</div>'
    return f'<div class="matrix-card"><code>{name}</code>{content}</div>'


def cards(parts):
    """Draw cards beside each other, as many as a line holds."""
    st.html(f'<div class="matrix-cards">{"".join(parts)}</div>')
