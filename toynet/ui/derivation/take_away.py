"""Take it away: the worked example as Markdown with LaTeX and as a NumPy script."""

import streamlit as st

from toynet.derivation import worked_example
from toynet.ui import keys
from toynet.ui.controls import download
from toynet.ui.derivation import sample

MOST_NUMBERS = 5000
"""Hidden activations, samples x h, in a text that is shown; a larger one is a download alone."""

FORMS = (
    ("Markdown", worked_example.markdown, "markdown", "derivation.md", "text/markdown"),
    ("NumPy script", worked_example.script, "python", "derivation.py", "text/x-python"),
)
"""What it is called, what writes it, its language, file name and type."""


def section(moment):
    """Draw both texts, each with its copy button and a download."""
    chosen = moment.chosen(sample.choose(moment))
    is_short = chosen[2].size * moment.parameters.W2.size <= MOST_NUMBERS
    if not is_short:
        st.info("Too long to show for all training samples of this network: download it, or choose one sample.")
    for column, form in zip(st.columns(2), FORMS, strict=True):
        with column:
            _text(form, chosen, moment.of_update, is_short)


def _text(form, chosen, terms, is_short):
    """One form of the example."""
    title, write, language, name, mime = form
    with st.container(horizontal=True, vertical_alignment="center", key=f"take_{language}"):
        st.markdown(f"**{title}**", width="stretch")
        download.button(
            f"Download {name}", lambda: write(*chosen, **terms).encode(), name, mime, key=keys.text(language)
        )  # fmt: skip
    if is_short:
        st.code(write(*chosen, **terms), language=language, height=520)
