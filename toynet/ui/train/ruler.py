"""How many columns of pixels a curve's plot has: the browser knows, and tells when it changes.

It is asked only where that matters, for a run too long to be drawn whole, while nothing moves: its answer is a
request of its own, for the live part of the page alone.
"""

import streamlit as st

from toynet.charts.curves import AROUND, REST_COLUMNS
from toynet.ui import keys, session

_JS = """
export default function({ setStateValue }) {
  const box = document.querySelector(".st-key-CURVES");
  if (!box) return;
  let told = 0, timer;
  const tell = () => {
    const columns = (box.getBoundingClientRect().width - AROUND) * (window.devicePixelRatio || 1);
    if (columns > 0 && columns !== told) { told = columns; setStateValue("columns", columns); }
  };
  const observer = new ResizeObserver(() => { clearTimeout(timer); timer = setTimeout(tell, 200); });
  observer.observe(box);
  return () => { observer.disconnect(); clearTimeout(timer); };
}
""".replace("CURVES", keys.CURVES).replace("AROUND", str(AROUND["left"] + AROUND["right"]))

_mount = st.components.v2.component("toynet_ruler", js=_JS)


def place(rows: int) -> None:
    """Put the ruler on the page, where it takes no room, if a run of so many rows at rest needs it."""
    if rows > 4 * REST_COLUMNS:
        with st.container(key="ruler"):
            _mount(key=keys.RULER, on_columns_change=_heard)


def _heard():
    session.current().columns = sensible(st.session_state[keys.RULER]["columns"])


def sensible(columns: object) -> float:
    """What a browser says, which may be anything, as a number of columns: so many as a screen can have."""
    is_one = isinstance(columns, int | float) and 1 <= columns <= 20_000
    return float(columns) if is_one else float(REST_COLUMNS)  # type: ignore[arg-type]
