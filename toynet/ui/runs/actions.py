"""What can be done with the chosen runs: open, go on, say something of them, delete."""

import streamlit as st

from toynet.ui import keeping, keys, opening, session
from toynet.ui.as_text import as_text

LONGEST = {"name": 120, "note": 4000, "tags": 400}
"""Characters that can be typed."""


def row(chosen, epochs):
    """Draw the buttons.

    Parameters
    ----------
    chosen : pandas.DataFrame
        Rows of `Store.runs`.
    epochs : dict of str to int
        Run -> the epoch that its boundary is looked at.
    """
    tab, runs = session.current(), chosen.run.tolist()
    is_one = len(runs) == 1
    has_parameters = is_one and runs[0] in epochs
    with st.container(horizontal=True, vertical_alignment="bottom", key="actions"):
        epoch = epochs.get(runs[0], 0)
        label = f"Open at epoch {epoch:,}" if has_parameters else "Open"
        help = "As a new run on Train, with this one's settings and what it had learned by then."
        if st.button(label, key=keys.RUNS_OPEN, disabled=not has_parameters, help=help):
            _to_train(tab, lambda: opening.open_copy(runs[0], epoch))
        help = "This very run on Train, where it stands."
        if st.button("Go on", key=keys.RUNS_GO_ON, disabled=not has_parameters, help=help):
            _to_train(tab, lambda: opening.take_up(runs[0]))
        with st.popover("Name, note, tags", disabled=not is_one):
            if is_one:
                _describe(chosen.iloc[0])
        st.button(
            "Delete" if is_one else f"Delete {len(runs):,}",
            on_click=_delete,
            args=(chosen,),
            key=keys.RUNS_DELETE,
            help="For a day they can be brought back.",
        )


def _to_train(tab, action):
    try:
        action()
    except ValueError as error:
        st.error(f"{as_text(str(error))}.")
    else:
        st.switch_page(tab.pages["Train"])


def _describe(row):
    with st.form(f"describe_{row['run']}", border=False):
        key = keys.describe(row["run"])
        name = st.text_input("Name", row["name"], key=f"{key}_name", max_chars=LONGEST["name"], placeholder=row["run"])
        note = st.text_area("Note", row["note"], key=f"{key}_note", max_chars=LONGEST["note"])
        tags = st.text_input(
            "Tags",
            ", ".join(row["tags"]),
            key=f"{key}_tags",
            max_chars=LONGEST["tags"],
            placeholder="separated by commas",
        )
        if st.form_submit_button("Save"):
            words = list(dict.fromkeys(filter(None, (tag.strip() for tag in tags.split(",")))))
            _change(lambda: keeping.store().describe(row["run"], name.strip(), note, words))
            st.rerun()


def _delete(chosen):
    tab = session.current()
    runs = chosen.run[chosen.state != "running"].tolist()

    def delete():
        keeping.store().delete(runs)
        tab.deleted = runs
        tab.chosen = [run for run in tab.chosen if run not in runs]

    _change(delete)
    if len(runs) < len(chosen):
        tab.trouble = "A run that is being trained is not deleted: pause it first."


def undelete():
    """Bring back what was deleted last."""
    tab = session.current()

    def restore():
        keeping.store().restore(tab.deleted)
        tab.chosen, tab.deleted, tab.cleared = tab.deleted, [], tab.cleared + 1

    _change(restore)


def _change(action):
    """Change something in the store; the page is drawn with it, or with what is wrong."""
    tab = session.current()
    try:
        action()
        tab.trouble = ""
    except ValueError as error:
        tab.trouble = f"{error}."
