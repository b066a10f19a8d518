"""The app's runs are kept: by one Keeper, in one Store, for all tabs of this server."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from toynet.config import GIVEN
from toynet.many.grid import Grid
from toynet.many.group import Group
from toynet.many.summary import of_trainer
from toynet.runs.keeping import Keeper, Kept
from toynet.runs.location import url_of
from toynet.runs.records import Source, is_of_this_process
from toynet.training import Trainer

if TYPE_CHECKING:
    from toynet.runs.store import Store
    from toynet.runs.sweeps import Sweeps


def _open(url: str) -> Store:
    from toynet.runs.store import Store  # SQLAlchemy, which takes a while: a first picture does not wait for it

    return Store(url)


@st.cache_resource
def _store(url: str) -> Store:
    return _open(url)


@st.cache_resource
def _keeper(url: str) -> Keeper:
    return Keeper(lambda: _open(url))


@st.cache_resource
def _sweeps(url: str) -> Sweeps:
    from toynet.runs.sweeps import Sweeps  # SQLAlchemy, likewise

    return Sweeps(url)


AWAY = 10.0
"""Seconds after which a tab that is not connected counts as closed."""

TRAINED_ELSEWHERE = "run {} is being trained in another tab"

_tabs: WeakKeyDictionary[Kept, str] = WeakKeyDictionary()
"""Each run that is in hand here -> Streamlit's session of the tab that it belongs to."""


def store() -> Store:
    """The store. Raises StoreError."""
    return _store(url_of())


def sweeps() -> Sweeps:
    """The same for sweeps and other groups of runs. Raises StoreError."""
    return _sweeps(url_of())


def keeper() -> Keeper:
    """What writes into it."""
    return _keeper(url_of())


def owner() -> str:
    """Whose runs these are: where people log in, theirs; else the machine's, ""."""
    if not getattr(st.user, "is_logged_in", False):
        return ""
    return str(st.user.get("email") or st.user.get("sub") or "")


def new(parent: str | None = None, parent_epoch: int | None = None) -> Kept:
    """For a run that begins in this tab."""
    return _of_this_tab(Kept(Source(owner(), parent, parent_epoch)))


def taken_up(run: str, trainer: Trainer) -> Kept:
    """For a kept run that this tab takes up; where it is being trained in another place, `taken` says so."""
    kept = Kept(store().source(run), rows=len(trainer.recorded), update=trainer.update)
    if store().status(run) == "running":
        kept.taken = TRAINED_ELSEWHERE.format(run)
    return _of_this_tab(kept)


def _of_this_tab(kept: Kept) -> Kept:
    context = get_script_run_ctx()
    if context:
        _tabs[kept] = context.session_id
    return kept


def keep_luck(group: Group) -> None:
    """Keep what the runs of a luck have come to. What is wrong with the store is said of the runs themselves."""
    own = group.own
    begun = replace(own.state().config, epochs=max(run.epoch for run in group.runs))
    if begun.dataset == GIVEN:
        return
    found = [of_trainer(seed, run) for seed, run in enumerate(group.runs)]
    try:
        grid = Grid(begun, (), len(found))
        key = None if own.changes else sweeps().find_same(grid, "luck", owner())
        if key:
            sweeps().grow(key, grid)
        data, changes = own.split.fingerprint(), [c for c in own.changes if c.setting != "epochs"]
        sweeps().add(key or sweeps().begin(grid, "luck", owner(), data, changes), found)
    except ValueError:
        return


def presence() -> Callable[[], bool]:
    """What tells, from any thread, whether somebody still has this tab open: a moment without it does not count."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():
        return lambda: True
    server, session, seen = runtime.get_instance(), context.session_id, [time.monotonic()]

    def is_here() -> bool:
        if server.is_active_session(session):
            seen[0] = time.monotonic()
        return time.monotonic() - seen[0] < AWAY

    return is_here


def settle(run: str) -> None:
    """Let a run stand still that was trained in a tab of this server which has been closed, or loaded anew.

    All of it is written then, and that tab, should it come back, no longer trains it.
    """
    holder = store().holder(run)
    if not (is_of_this_process(holder) and runtime.exists()):
        return
    left = {kept: session for kept, session in list(_tabs.items()) if kept.holder == holder}
    if any(runtime.get_instance().is_active_session(session) for session in left.values()):
        return
    for kept in left:
        kept.taken = TRAINED_ELSEWHERE.format(run)
    keeper().flush()
    store().release(run, holder)
