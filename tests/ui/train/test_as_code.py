"""The present settings as code, on the Train page."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.sharing.running import given
from toynet import Config
from toynet.many.plan import Plan
from toynet.sharing import as_code
from toynet.ui import keys
from toynet.ui.experiment import Experiment

pytestmark = pytest.mark.usefixtures("store")


def drawn(experiment, is_open=True):
    """The section, drawn alone."""

    def script():
        import streamlit as st

        from toynet.ui.train import as_code

        as_code.section(st.session_state.shown)

    app = AppTest.from_function(script)
    app.session_state.shown = experiment
    app.session_state[keys.AS_CODE] = is_open
    app.run()
    assert not app.exception
    return app


def test_all_three_stand_under_one_heading_with_the_present_settings():
    experiment = Experiment.of(Config(samples=60, dataset="blobs", classes=3, l2=0.01), Plan(seeds=4))
    experiment.trainer.learning_rate = 0.5
    config, split = experiment.trainer.config, experiment.trainer.split
    app = drawn(experiment)
    assert [fold.label for fold in app.expander] == ["As code"]
    texts = [block.value for block in app.expander[0].code]
    link = as_code.link(config, "http://localhost:8501", {"luck": "4"})
    assert texts == [as_code.shell_command(config), link, as_code.estimator_code(config, split).strip()]
    assert "--learning-rate 0.5" in texts[0] and "learning_rate=0.5," in texts[2]
    assert [block.language for block in app.code] == ["bash", "plaintext", "python"]


def test_nothing_is_written_before_it_is_opened():
    app = drawn(Experiment.of(Config(samples=60)), is_open=False)
    assert [fold.label for fold in app.expander] == ["As code"] and not app.code


def test_of_data_given_by_hand_it_says_why_there_is_none():
    run = given(("a", "b", "c"), run="given")
    experiment = Experiment.of(Config(samples=60))
    experiment = Experiment.around(run, experiment.kept)
    app = drawn(experiment)
    assert not app.code and "given by hand" in app.info[0].value
