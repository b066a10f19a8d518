"""A download button whose file is made at the click, at any moment, however often the page is redrawn.

Streamlit gives such a button a new id whenever the script runs, and forgets the id that
the browser still shows, and the file that it has just made, as soon as any page has been
redrawn: after a tenth of a second in training. The click is then answered with an error
or a 404. So the last few ids and files are entered here as used by a page of that name.
"""

from itertools import count

import streamlit as st
from streamlit.runtime import exists, get_instance

IDS, FILES = 32, 8
"""How many are kept, of all tabs together: the last so many."""

_drawn, _made = count(), count()


def button(label, make, file_name, mime, **options):
    """Draw the button.

    Parameters
    ----------
    make : callable
        Returns the file's bytes; called at each click, in a thread of its own.
    **options
        Of `st.download_button`.
    """

    def keep_what_is_made():
        data = make()
        place = f"file {next(_made) % FILES}"
        get_instance().media_file_mgr.add(data, mime, place, file_name, is_for_static_download=True)
        return data

    st.download_button(label, data=keep_what_is_made, file_name=file_name, mime=mime, on_click="ignore", **options)
    if exists():
        _keep_id(get_instance().media_file_mgr, keep_what_is_made)


def _keep_id(manager, function):
    """Enter the id under which Streamlit 1.67 has just registered a function; there is no public way."""
    with manager._lock:
        for file_id, entry in manager._deferred_callables.items():
            if entry["callable"] is function:
                manager._files_by_session_and_coord[__name__][f"button {next(_drawn) % IDS}"] = file_id
