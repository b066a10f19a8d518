"""Numbers as small matrices, coloured by sign and size: orange below zero, blue above."""

import math
from html import escape

import numpy as np
import streamlit as st

from toynet.charts import palette
from toynet.derivation.numerals import text

MOST_COLUMNS = 4
"""Columns side by side: as many as a card holds even of numbers like −1.234e−05. The others stand below them."""

MOST_LINES = 8
"""A matrix with more lines is folded, and a card shows its first."""

MOST_SHOWN = 16
"""A matrix with more numbers is folded too."""

MOST_NUMBERS = 600
"""A folded matrix shows all its numbers up to here, and of a larger one the first rows and columns."""

FOLDED_LINES = 16


def html(value, lines=MOST_LINES, right=None):
    """A matrix as an HTML table.

    Columns beyond `MOST_COLUMNS` stand below the first ones, with their numbers before them.
    Where that takes more lines than there may be, the first rows and columns are shown.

    Parameters
    ----------
    value : ndarray (r, c) or float
    lines : int
        Shown at most.
    right : ndarray of bool, optional
        Entries to frame as right or wrong.

    Returns
    -------
    str
    """
    value = np.atleast_2d(np.asarray(value, dtype=float))
    finite = np.abs(value[np.isfinite(value)])
    largest = float(finite.max(initial=0.0)) or 1.0
    is_whole = _lines(value) <= lines
    shown = value if is_whole else value[:lines, :MOST_COLUMNS]
    cells = [
        [_cell(v, largest, None if right is None else right[i, j]) for j, v in enumerate(row)]
        for i, row in enumerate(shown)
    ]
    body = "".join(f"<tr>{line}</tr>" for line in (_blocks(cells) if is_whole else _first(cells, value.shape)))
    return f'<div class="matrix-box"><table class="matrix">{body}</table></div>'


def _lines(value):
    """Lines that all of a matrix takes."""
    return value.shape[0] * -(-value.shape[1] // MOST_COLUMNS)


def _blocks(cells):
    """All of a matrix, as many columns at a time as fit beside each other."""
    columns = len(cells[0])
    for start in range(0, columns, MOST_COLUMNS):
        end = min(start + MOST_COLUMNS, columns)
        name = f"{start + 1}–{end}" if end - start > 1 else f"{end}"
        for i, row in enumerate(cells):
            label = f"<th>{'' if i else name}</th>" if columns > MOST_COLUMNS else ""
            yield label + "".join(row[start:end])


def _first(cells, shape):
    """The first rows and columns of a matrix of that shape, and dots for the others."""
    dots = "<td>…</td>" if shape[1] > len(cells[0]) else ""
    yield from ("".join(row) + dots for row in cells)
    if shape[0] > len(cells):
        yield "<td>⋮</td>"


def _cell(value, largest, right):
    share = 1.0 if math.isinf(value) else 0.0 if math.isnan(value) else abs(value) / largest
    colour = palette.triple(palette.BLUE if value > 0 else palette.ORANGE)
    mark = "" if right is None else ' class="right"' if right else ' class="wrong"'
    return f'<td{mark} style="background:rgba({colour},{0.55 * share:.2f})">{text(value)}</td>'


def show(value, symbol):
    """Draw a matrix; a large one folded."""
    value = np.atleast_2d(np.asarray(value, dtype=float))
    if _lines(value) <= MOST_LINES and value.size <= MOST_SHOWN:
        st.html(html(value))
        return
    with st.expander(f"{symbol}: {value.shape[0]} × {value.shape[1]}, {_span(value)}"):
        if value.shape[1] > MOST_COLUMNS and value.size <= MOST_NUMBERS:
            st.caption(f"{MOST_COLUMNS} columns at a time; their numbers stand before them.")
        st.html(html(value, _lines(value) if value.size <= MOST_NUMBERS else FOLDED_LINES))


def _span(value):
    return f"from {text(value.min())} to {text(value.max())}"


def card(name, value):
    """A named matrix, to stand beside others in `cards`; `value` None is what is asked for."""
    content = html(value) if value is not None else '<div class="matrix-asked">?</div>'
    return f'<div class="matrix-card"><code>{escape(name)}</code>{content}</div>'


def cards(parts):
    """Draw cards beside each other, as many as a line holds."""
    st.html(f'<div class="matrix-cards">{"".join(parts)}</div>')
