"""Kept sweeps and groups: opened, named, deleted, and two groups compared."""

from datetime import datetime

import streamlit as st

from toynet.ui import keeping, keys, session
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices
from toynet.ui.sweep import chosen, verdicts
from toynet.ui.sweep.job import Job

KINDS = {"sweep": "Sweep", "luck": "Luck", "race": "Race"}
LONGEST = 120


def choose():
    """Draw the button behind which the kept ones are; the store is asked once somebody opens it."""
    swept = session.current().swept
    with st.popover("Kept", key=keys.SWEEP_KEPT, on_change="rerun", width=110) as popover:
        if not popover.open:
            return
        try:
            known = {one["key"]: one for one in keeping.sweeps().all(keeping.owner() or None)}
        except ValueError as error:
            st.error(f"{as_text(str(error))}.")
            return
        _offer_undo(swept)
        if not known:
            st.caption("No sweep is kept yet. Each is, as it is trained; and so is the luck of a run that has ended.")
            return
        label = "Sweeps and groups"
        key = choices.select(label, keys.SWEEP_OPEN, list(known), format_func=lambda k: called(known[k]), width=560)
        one = known[key]
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.button("Open", on_click=_open, args=(key,), key=f"{keys.SWEEP_OPEN}_button", type="primary")
            st.button("Delete", on_click=_delete, args=(key,), key=keys.SWEEP_DELETE,
                      help="For a day it can be brought back.")  # fmt: skip
            name = st.text_input("Name", one["name"], key=f"{keys.SWEEP_NAME}_{key}", max_chars=LONGEST)
        if name != one["name"]:
            keeping.sweeps().describe(key, name.strip())
            st.rerun()
        _two_groups(swept, known)


def called(one):
    """What a kept sweep is called among others."""
    grid = one["grid"]
    when = f"{datetime.fromtimestamp(one['created']):%d %b %H:%M}"
    short = "" if one["done"] == one["runs"] else f", {one['done']:,} done"
    told = one["name"] or f"{chosen.described(grid)}{short}; {chosen.others(grid)}"
    return f"{KINDS[one['kind']]} · {told} · {when}"


def compared():
    """Draw the verdict on the two groups that are chosen, where there are two."""
    swept = session.current().swept
    if len(swept.groups) != 2:
        return
    try:
        groups = [(_short(keeping.sweeps().about(key)), keeping.sweeps().load(key)) for key in swept.groups]
    except ValueError as error:
        st.error(f"{as_text(str(error))}.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown("**Two kept groups**")
        st.button("Close", on_click=_close, key=keys.SWEEP_CLOSE)
    for letter, (name, _) in zip("AB", groups, strict=True):
        st.caption(f"{letter}: {as_text(name, 300)}")
    verdicts.of_groups([(letter, results) for letter, (_, results) in zip("AB", groups, strict=True)])


def _close():
    session.current().swept.groups = []
    st.session_state.pop(keys.SWEEP_GROUPS, None)


def unfinished():
    """Draw the way back to the last sweep, where it was not trained to its end: a page loaded anew lost sight of it."""
    try:
        last = next(iter(keeping.sweeps().all(keeping.owner() or None)), None)
    except ValueError:
        return
    if last and last["kind"] == "sweep" and last["done"] < last["runs"]:
        with st.container(horizontal=True, vertical_alignment="center"):
            told = last["name"] or f"{chosen.described(last['grid'])}; {chosen.others(last['grid'])}"
            st.markdown(f"The last sweep has {last['done']:,} of its {last['runs']:,} runs: {as_text(told, 300)}.")
            st.button("Show it", on_click=_open, args=(last["key"],), key=keys.SWEEP_LAST)


def _short(one):
    return one["name"] or f"{chosen.described(one['grid'])}; {chosen.others(one['grid'])}"


def _two_groups(swept, known):
    """Two of those that have one cell, to be compared."""
    groups = [key for key, one in known.items() if one["grid"].cells == 1 and one["done"]]
    if len(groups) < 2:
        return
    usual = [key for key in swept.groups if key in groups]
    swept.groups = st.multiselect(
        "Two groups: is their difference larger than luck?", groups, usual, key=keys.SWEEP_GROUPS,
        format_func=lambda k: called(known[k]), max_selections=2, width=560,
    )  # fmt: skip


def _open(key):
    swept = session.current().swept
    try:
        swept.show(Job(keeping.sweeps().load(key), key))
    except ValueError as error:
        session.current().trouble = str(error)


def _delete(key):
    tab = session.current()
    try:
        keeping.sweeps().delete([key])
    except ValueError as error:
        tab.trouble = str(error)
        return
    tab.swept.deleted = [key]
    tab.swept.groups = [other for other in tab.swept.groups if other != key]


def _offer_undo(swept):
    if swept.deleted:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("It is deleted.")
            st.button("Undo", on_click=_undelete, key=f"{keys.SWEEP_DELETE}_undo")


def _undelete():
    swept = session.current().swept
    keeping.sweeps().restore(swept.deleted)
    swept.deleted = []
