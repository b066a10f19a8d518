"""The cells of a sweep: as a heat map and as parallel coordinates, in which cells are chosen."""

import streamlit as st

from toynet.charts import arrangement, heat, parallel
from toynet.many.measures import MEASURES, OF_LOSS, OF_TEST
from toynet.many.summary import LEVELS
from toynet.ui import keys, session
from toynet.ui.controls import choices
from toynet.ui.runs import words

COLOURS = ("Linear", "Log")
VIEWS = {"map": "Heat map", "lines": "Parallel coordinates"}
MOVING = 400
"""Lines drawn at most while a sweep runs."""

TITLES = {name: words.setting(name) for name in words.SETTINGS}


def look(grid):
    """Draw what the cells show, and how.

    Returns
    -------
    view : {"map", "lines"}
    measure, level, is_log
        As for `heat.heat_chart`.
    fixed : dict
        Settings that the map has no room for, and their values.
    """
    has_test = grid.base.test_fraction > 0 or any(name == "test_fraction" for name, _ in grid.axes)
    unlike = OF_LOSS if any(name == "output" for name, _ in grid.axes) else ()
    offered = [name for name in MEASURES if (has_test or name not in OF_TEST) and name not in unlike]
    with st.container(horizontal=True, vertical_alignment="bottom", key="sweep_look"):
        measure = choices.select("Cells show", keys.SWEEP_MEASURE, offered, format_func=MEASURES.get, width=250)
        level = LEVELS[0]
        if measure == "reached":
            level = choices.select(
                "Loss", keys.SWEEP_LEVEL, list(LEVELS), default=0.2, format_func=lambda v: f"{v:g}", width=110
            )
        is_log = choices.segments("Colours", keys.SWEEP_COLOURS, list(COLOURS)) == "Log"
        view = "map"
        if len(grid.axes) > 2:
            view = choices.segments("As", keys.SWEEP_VIEW, list(VIEWS), format_func=VIEWS.get)
        fixed = _fixed(grid) if view == "map" else {}
    return view, measure, level, is_log, fixed


def _fixed(grid):
    """Of settings behind the third the value at which the map stands."""
    found = {}
    for name, values in grid.axes[3:]:
        key = keys.sweep_at(name)
        found[name] = choices.select(f"At {words.setting(name).lower()}", key, list(values),
                                     format_func=words.value, width=150)  # fmt: skip
    return found


def draw(results, view, measure, level, is_log, fixed, chosen, moves):
    """Draw the cells, those that are chosen marked A and B; while the sweep moves, fewer lines."""
    grid = results.grid
    if view == "lines":
        axes, most = parallel.axes_of(grid, TITLES), MOVING if moves else parallel.MOST
        spec = parallel.parallel_chart(axes, measure, level, is_log)
        tables = parallel.parallel_tables(results, axes, measure, level, is_log, chosen, most)
        note = parallel.note(results, measure, level, most)
        if note:
            st.caption(note)
    else:
        placed = arrangement.layout(grid, fixed=fixed, titles=TITLES)
        spec = heat.heat_chart(placed.axes, measure, level, is_log)
        tables = heat.heat_tables(results, placed, measure, level, is_log, chosen)
    key = keys.sweep_picture(view)
    st.vega_lite_chart(
        {**spec, "datasets": tables}, width="stretch", key=key, on_select=_pick, selection_mode=heat.CELL
    )


def _pick():
    """A cell has been clicked: the first is A, the next B; one that is chosen is let go."""
    tab = session.current()
    for view in VIEWS:
        picked = getattr(st.session_state.get(keys.sweep_picture(view)), "selection", {}).get(heat.CELL)
        for row in picked or ():
            _choose(tab.swept, int(row["cell"]))


def _choose(swept, cell):
    if cell in swept.cells:
        swept.cells.remove(cell)
    elif swept.job and cell < swept.job.grid.cells:
        swept.cells = [*swept.cells[:1], cell]
