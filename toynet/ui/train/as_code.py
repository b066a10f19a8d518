"""As code: the present settings as an estimator in a pipeline, as the shell's command and as a link."""

import streamlit as st

from toynet.many.plan import texts
from toynet.sharing import as_code
from toynet.ui import keys
from toynet.ui.as_text import as_text

HERE = "http://localhost:8501"
"""The app's address, where the browser does not tell it."""


def section(experiment):
    """Draw all three, each with its copy button, in what is folded at first."""
    trainer = experiment.trainer
    config = trainer.config
    with st.expander("As code", key=keys.AS_CODE, on_change="rerun") as fold:
        if not fold.open:  # neither written nor sent before somebody looks
            return
        try:
            python = as_code.estimator_code(config, trainer.split)
            command = as_code.shell_command(config)
            link = as_code.link(config, st.context.url or HERE, texts(experiment.plan))
        except ValueError as error:
            st.info(f"{as_text(str(error))}.")
            return
        st.caption("In the shell, in ToyNet's folder:")
        st.code(command, language="bash", wrap_lines=True)
        st.caption("As a link:")
        st.code(link, language=None, wrap_lines=True)
        st.caption("In a scikit-learn pipeline, as Python to be saved in ToyNet's folder and run there:")
        st.code(python, language="python")
