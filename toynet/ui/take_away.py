"""Take it away: the worked example as Markdown with LaTeX and as a NumPy script."""

import streamlit as st

from toynet import worked_example
from toynet.ui import choices, download, sample

MOST_NUMBERS = 5000
"""Hidden activations, samples x h, in a text that is shown; a larger one is a download alone."""

FORMS = {
    "Markdown": (worked_example.markdown, "markdown", "derivation.md", "text/markdown"),
    "NumPy script": (worked_example.script, "python", "derivation.py", "text/x-python"),
}
"""What it is called -> what writes it, its language, file name and type."""


def section(moment):
    """Draw the choice of form, the text with its copy button, and a download."""
    chosen = moment.chosen(sample.choose(moment))
    form = choices.segments("As", list(FORMS), "form")
    write, language, name, mime = FORMS[form]

    def text():
        return write(*chosen, moment.config.learning_rate)

    download.button(f"Download {name}", lambda: text().encode(), name, mime, key="take")
    if chosen[2].size * moment.parameters.W2.size > MOST_NUMBERS:
        st.info("Too long to show for the whole batch of this network: download it, or choose one sample.")
        return
    st.code(text(), language=language, height=520)
