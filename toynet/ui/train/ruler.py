"""How many pixels wide a chart is drawn: the browser knows, and tells when it changes."""

import streamlit as st

from toynet.ui import keys

_JS = """
export default function({ setStateValue }) {
  const box = document.querySelector(".st-key-CURVES");
  if (!box) return;
  let told = 0, timer;
  const tell = () => {
    const width = Math.round(box.clientWidth), dots = Math.min(3, window.devicePixelRatio || 1);
    if (width && width * dots !== told) { told = width * dots; setStateValue("size", [width, dots]); }
  };
  const observer = new ResizeObserver(() => { clearTimeout(timer); timer = setTimeout(tell, 200); });
  observer.observe(box);
  return () => { observer.disconnect(); clearTimeout(timer); };
}
""".replace("CURVES", keys.CURVES)

_mount = st.components.v2.component("toynet_ruler", js=_JS)


def place():
    """Put the ruler on the page, where it takes no room."""
    with st.container(key="ruler"):
        _mount(key=keys.RULER, on_size_change=lambda: None)


def measured():
    """What it has told: a chart's width in pixels, and dots a pixel; before it has told anything, a wide window's."""
    told = (st.session_state.get(keys.RULER) or {}).get("size")
    return tuple(told) if told else (800, 2)
