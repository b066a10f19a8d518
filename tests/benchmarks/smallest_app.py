"""The smallest Streamlit app with one chart and one button: what `live.py` compares ToyNet's page with."""

import streamlit as st


def press():
    """One more."""
    st.session_state["presses"] = presses + 1


presses = st.session_state.get("presses", 0)
st.button(f"Pressed {presses}", on_click=press, key="train_pause")
st.line_chart([1, 2, presses])
