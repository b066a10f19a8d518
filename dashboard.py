"""ToyNet's dashboard: `streamlit run dashboard.py`."""

import streamlit as st

from toynet.ui import startup, style, train

st.set_page_config(page_title="ToyNet", page_icon=style.ICON, layout="wide")
st.logo(style.LOGO, icon_image=style.ICON, size="large")
startup.freeze()
st.navigation([st.Page(train.page, title="Train", url_path="train", default=True)]).run()
