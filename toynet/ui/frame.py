"""What every page stands in: the sidebar and the address, which its experiment follows.

Drawn apart from the page itself: controls that belong to no page keep their values when
another page is shown.
"""

import streamlit as st

from toynet.config import Config, shown
from toynet.ui import address, messages, opening, session, style
from toynet.ui.controls import choices, data, sidebar


def show(page):
    """Draw the page, and the sidebar that its experiment follows.

    Parameters
    ----------
    page : streamlit.Page
    """
    address.keep_one_entry()
    tab = session.current()
    if tab.opened is None:
        # In a new tab what the pictures need is the longest to load, so they go first.
        _open(tab)
        before = tab.experiment
        page.run()
        _follow_the_sidebar(tab)
        if tab.experiment is not before or tab.problem:
            st.rerun()
        if tab.complaints:
            _run_again_soon()
        else:
            address.stands_for(tab.experiment)
    else:
        before = tab.experiment
        _follow_the_sidebar(tab)
        tab.act()
        if page.url_path:
            tab.experiment.note(is_in_view=False)
        address.write(tab.experiment)
        if tab.experiment is not before:
            tab.complaints = []
        page.run()
        messages.offer()
    choices.settle()


def links(pages, page):
    """Links to the pages in the header of narrow windows, where Streamlit's own move into the sidebar.

    Parameters
    ----------
    pages : list of streamlit.Page
    page : streamlit.Page
        The one that is shown.
    """
    session.current().pages = {each.title: each for each in pages}
    with st.container(horizontal=True, key="pages"):
        st.html(style.CLOSE_SIDEBAR.replace("PAGE", page.url_path), unsafe_allow_javascript=True)
        for each in pages:
            st.page_link(each)


def _open(tab):
    """The first time in this tab: start the experiment that the address describes."""
    _start(tab)
    try:
        wanted = address.plan()
        if wanted != tab.experiment.plan:
            tab.experiment.put_beside(wanted)
    except ValueError as error:
        tab.complaints.append(str(error))


def _start(tab):
    """Its own run."""
    config, complaints = address.read()
    if address.run():
        try:
            opening.take_up(address.run())
        except ValueError as error:
            complaints.append(str(error))
        else:
            return
    if config.dataset == "csv" and not data.offered(config.data_file):
        complaints.append(f"there is no file {shown(config.data_file)} here")
        config = data.without_file(config)
    # What the data cannot give goes first, and everything if that was not it.
    for possible in dict.fromkeys((config, data.without_file(config), Config())):
        try:
            tab.start(possible)
            break
        except ValueError as error:
            complaints.append(str(error))
    tab.complaints = complaints


def _follow_the_sidebar(tab):
    """Sidebar -> experiment."""
    trainer = tab.experiment.trainer
    wanted, tab.problem = sidebar.sidebar(trainer.config, trainer.split.y_train.size)
    try:
        tab.apply(wanted)
    except ValueError as error:
        tab.problem = str(error)


def _run_again_soon():
    """Correct the address by a run to come: by then the browser knows that this makes no entry (`keep_one_entry`)."""
    timer = []

    def tick():
        if timer:
            st.rerun()
        timer.append("drawn; the next time it is the browser's timer that runs this")

    st.fragment(tick, run_every=1.0)()
