"""What the browser shows of the curves: how many columns of pixels a plot has, and how far each chart is zoomed.

Vega writes a chart's zoom to the container that it is bound to; a component without a look of its own reads it, and
the container's width, and tells the server when they change. It is asked only where that matters, for a run not all of
whose rows are drawn or can be hovered, while nothing moves: its answer is a request of its own, for the live
part of the page alone.
"""

import math

import streamlit as st

from toynet.charts.curves import AROUND, HOVER_PLACES, REST_COLUMNS, Seen, Window
from toynet.charts.vega import Spec
from toynet.ui import keys, session

ZOOM = "toynet-zoom"
"""Event of a container whose chart has been zoomed."""

ZOOMED = "zoom_x ? domain('x') : null"
"""From where to where a chart is zoomed, an expression of its own."""

_JS = """
export default function({ setStateValue }) {
  const boxes = ["LOSSES", "NORMS"].map(key => document.querySelector(".st-key-" + key));
  if (boxes.includes(null)) return;
  let told = window.toynetSeen ?? "", timer;
  const tell = () => {
    const columns = (boxes[0].getBoundingClientRect().width - AROUND) * (window.devicePixelRatio || 1);
    const [measures, norms] = boxes.map(box => box.value ?? null);
    const seen = JSON.stringify({ columns, measures, norms });
    if (columns > 0 && seen !== told) { told = window.toynetSeen = seen; setStateValue("seen", JSON.parse(seen)); }
  };
  const soon = () => { clearTimeout(timer); timer = setTimeout(tell, 200); };
  const observer = new ResizeObserver(soon);
  observer.observe(boxes[0]);
  boxes.forEach(box => box.addEventListener("ZOOM", soon));
  return () => {
    observer.disconnect();
    boxes.forEach(box => box.removeEventListener("ZOOM", soon));
    clearTimeout(timer);
  };
}
""".replace("AROUND", str(AROUND["left"] + AROUND["right"])).replace("ZOOM", ZOOM)

_mount = st.components.v2.component(
    "toynet_ruler", js=_JS.replace("LOSSES", keys.zoomed("losses")).replace("NORMS", keys.zoomed("norms"))
)


def watched(spec: Spec, name: str) -> Spec:
    """The spec of a curve chart whose zoom is written to the container `keys.zoomed(name)`."""
    # Vega writes what a signal becomes to what it is bound to. "update" is Vega's, not Vega-Lite's, which leaves it.
    bind = {"element": f".st-key-{keys.zoomed(name)}", "event": ZOOM}
    return {**spec, "params": [*spec.get("params", []), {"name": "seen", "update": ZOOMED, "bind": bind}]}


def place(rows: int) -> None:
    """Put the ruler on the page, where it takes no room, if a run of so many rows at rest needs it."""
    if rows > HOVER_PLACES:
        with st.container(key="ruler"):
            _mount(key=keys.RULER, on_seen_change=_heard)


def _heard():
    session.current().seen = sensible(st.session_state[keys.RULER]["seen"])


def sensible(told: object) -> Seen:
    """What a browser says, which may be anything, as columns that a screen can have and parts of an axis."""
    told = told if isinstance(told, dict) else {}
    match told.get("columns"):
        case int() | float() as columns if 1 <= columns <= 20_000:
            pass
        case _:
            columns = REST_COLUMNS
    return Seen(float(columns), _window(told.get("measures")), _window(told.get("norms")))


def _window(told: object) -> Window | None:
    match told:
        case [int() | float() as start, int() | float() as end] if start < end and math.isfinite(end - start):
            return float(start), float(end)
    return None
