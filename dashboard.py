"""ToyNet's dashboard: `streamlit run dashboard.py`.

Imported, it is the server's app; run, once for every click in every tab, it is what the app shows.
"""

import streamlit as st

from toynet.ui import frame, serving, startup, style
from toynet.ui.derivation import page as derivation
from toynet.ui.runs import page as runs
from toynet.ui.sweep import page as sweep
from toynet.ui.train import page as train

if __name__ != "__main__":
    app = st.App(__file__, routes=serving.pages("", "derivation", "runs", "sweep"), lifespan=serving.lifespan)
else:
    st.set_page_config(page_title="ToyNet", page_icon=style.ICON, layout="wide")
    st.logo(style.LOGO, icon_image=style.ICON, size="large")
    startup.freeze()
    pages = [
        st.Page(train.page, title="Train", url_path="train", default=True),
        st.Page(derivation.page, title="Derivation", url_path="derivation"),
        st.Page(runs.page, title="Runs", url_path="runs"),
        st.Page(sweep.page, title="Sweep", url_path="sweep"),
    ]
    page = st.navigation(pages, position="top")
    st.html(style.CSS)
    frame.links(pages, page)
    frame.show(page)
