"""ToyNet's dashboard: `streamlit run dashboard.py`."""

import streamlit as st

from toynet.ui import frame, startup, style
from toynet.ui.derivation import page as derivation
from toynet.ui.train import page as train

st.set_page_config(page_title="ToyNet", page_icon=style.ICON, layout="wide")
st.logo(style.LOGO, icon_image=style.ICON, size="large")
startup.freeze()
page = st.navigation(
    [
        st.Page(train.page, title="Train", url_path="train", default=True),
        st.Page(derivation.page, title="Derivation", url_path="derivation"),
    ],
    position="top",
)
st.html(style.CSS)
frame.show(page)
