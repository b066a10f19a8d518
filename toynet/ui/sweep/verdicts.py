"""Whether a difference is larger than luck: of two cells, of one cell and all others, of two kept groups."""

from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from toynet.charts.verdict import verdict_chart, verdict_tables
from toynet.many.measures import why_unlike
from toynet.many.verdict import FEWEST, against, verdict
from toynet.ui import keys
from toynet.ui.as_text import as_text
from toynet.ui.sweep import panel


def show(found, key):
    """Draw a verdict: its words, the picture of the paired differences, and how it came about."""
    st.markdown(f"**Larger than luck?** {as_text(found.words, 2000)}")
    if len(found.seeds) and (found.method or len(found.seeds) < FEWEST):  # what diverged has no picture
        spec = verdict_chart(found.names, found.what)
        st.vega_lite_chart({**spec, "datasets": verdict_tables(found)}, width="stretch", key=key)
    if found.method:
        how = found.method[0].upper() + found.method[1:]
        st.caption(f"{as_text(how, 1000)}. What is compared, the final {found.what}, is fixed beforehand.")


def of_cells(swept):
    """Two chosen cells; and A against all others, counting that all were looked at."""
    results = swept.job.results
    a, b = swept.cells
    why = why_unlike(results.grid.config(a), results.grid.config(b))
    if why:
        st.caption(why)
    else:
        found = _against(results, b, {a: "A", b: "B"})
        show(next(v for v in found if v.names[0] == "A"), keys.sweep_picture("verdict"))
    if len(_like(results.grid, a)) > 2:
        _all_of_them(results, a)


def _like(grid, cell):
    """The cells, this one among them, whose losses can be compared with its."""
    own = grid.config(cell)
    return [other for other in range(grid.cells) if not why_unlike(own, grid.config(other))]


def _against(results, cell, letters):
    """Verdicts of every other cell that is like one against it; of two cells there is one comparison alone."""
    grid, cells = results.grid, _like(results.grid, cell)
    names = [letters.get(other) or panel.called(grid, other) for other in cells]
    losses, lost = (results.by_cell(each)[:, cells] for each in (results["test_loss"], results.diverged))
    found = against(losses, cells.index(cell), _seeds(results), names, diverged=lost)
    return [replace(one, p_holm=None) for one in found] if len(cells) == 2 else found


def of_groups(groups):
    """Two kept groups, paired by the seeds that both have.

    Parameters
    ----------
    groups : list of (str, Results)
        What each is called, and the results of its only cell.
    """
    names, several = zip(*groups, strict=True)
    why = why_unlike(*(results.grid.base for results in several))
    if why:
        st.caption(why)
        return
    seeds = sorted(set.intersection(*(set(_seeds(results)) for results in several)))
    places = [np.array(seeds, int) - results.grid.base.data_seed for results in several]
    losses = [results["test_loss"][at] for results, at in zip(several, places, strict=True)]
    lost = [results.diverged[at] for results, at in zip(several, places, strict=True)]
    show(verdict(*losses, seeds, names=names, diverged=tuple(lost)), keys.sweep_picture("groups"))


def _seeds(results):
    return (results.grid.base.data_seed + np.arange(results.grid.seeds)).tolist()


def _all_of_them(results, cell):
    """A table of all cells that are like one against it."""
    is_whole = len(_like(results.grid, cell)) == results.grid.cells
    with st.expander("A against every other cell" if is_whole else "A against every cell whose losses are like its"):
        found = _against(results, cell, {cell: "A"})
        table = pd.DataFrame(
            {
                "Cell": [v.names[0] for v in found],
                "Test loss less A's": [v.difference for v in found],
                "from": [v.low for v in found],
                "to": [v.high for v in found],
                "p": [v.p for v in found],
                "p (Holm)": [np.nan if v.p_holm is None else v.p_holm for v in found],
                "Larger than luck": ["yes" if v.is_told_apart else v.why_not or "cannot tell" for v in found],
            }
        )
        st.dataframe(table.sort_values("Test loss less A's"), hide_index=True, width="stretch")
