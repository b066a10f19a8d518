"""Controls keep what the person chose, also where a run of the script is cut short."""

from streamlit.testing.v1 import AppTest

from tests.pages import session


def script():
    import streamlit as st

    from toynet.ui.controls import choices

    choices.preset("number", 3)
    st.number_input("Number", 1, 9, key="number")
    if not st.session_state.get("cut_short"):
        choices.settle()


def is_sent(app):
    """Whether the last run sent the control's value with it."""
    return app.number_input(key="number").proto.set_value


def test_a_value_is_sent_until_a_whole_run_has_carried_it():
    app = AppTest.from_function(script)
    app.session_state["cut_short"] = True
    for _ in range(2):
        app.run()
        assert is_sent(app) and app.number_input(key="number").value == 3
    app.session_state["cut_short"] = False
    app.run()
    assert is_sent(app)
    app.run()
    assert not is_sent(app)


def cut_before_its_controls():
    import streamlit as st

    from toynet.ui.controls import choices

    if st.session_state.get("cut_short"):
        st.stop()
    choices.number("Number", "number", 1, 9, default=3)
    choices.select("Choice", "choice", ["a", "b"])


def test_a_choice_is_remembered_though_its_control_is_not_reached_again():
    app = AppTest.from_function(cut_before_its_controls).run()
    app.number_input(key="number").set_value(7)
    app.selectbox(key="choice").set_value("b")
    app.session_state["cut_short"] = True
    app.run()
    assert session(app).remembered == {"number": 7, "choice": "b"}
