"""What one browser tab is at: everything that its pages share, under one session key."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakSet

import streamlit as st

from toynet.config import Config
from toynet.ui import keys
from toynet.ui.experiment import Experiment


@dataclass(eq=False)  # a tab is itself only
class Session:
    """A tab's experiment, what it has to say, and what its controls remember.

    Attributes
    ----------
    opened : Experiment or None
        None until the first page of the tab.
    complaints : list of str
        What was wrong with the address that the tab was opened at.
    problem : str
        Why the sidebar's settings cannot be used, or "".
    uploads : list of str
        Names of the files that it has uploaded or was linked to.
    last_upload : tuple of (str, str)
        Number and problem of the file that was in the control last.
    comparison : object
        The last result of Break it.
    remembered : dict
        Control's key -> its value when it was last drawn; Streamlit forgets it when another page is shown.
    drawn, settled : set of str
        Controls drawn in this run of the script, and in the last one that came to its end.
    """

    opened: Experiment | None = None
    complaints: list[str] = field(default_factory=list)
    problem: str = ""
    uploads: list[str] = field(default_factory=list)
    last_upload: tuple[str, str] = ("", "")
    comparison: Any = None
    remembered: dict[str, Any] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)

    @property
    def experiment(self) -> Experiment:
        """The tab's experiment; a default one where there is none yet."""
        if self.opened is None:
            self.start(Config())
        assert self.opened is not None
        return self.opened

    def start(self, config: Config) -> None:
        """Replace the experiment by a fresh one. Raises ValueError, and then replaces nothing."""
        self.opened = Experiment.of(config)

    def apply(self, config: Config) -> None:
        """Bring the experiment to these settings.

        Learning rate and epochs change in mid-run; anything else is another experiment.
        Raises ValueError where the data cannot be used, and leaves all as it was.
        """
        changed = replace(self.experiment.trainer.config, learning_rate=config.learning_rate, epochs=config.epochs)
        if config == changed:
            self.experiment.change(config.learning_rate, config.epochs)
        else:
            self.start(config)


def current() -> Session:
    """This tab's session."""
    if keys.SESSION not in st.session_state:
        tab = st.session_state[keys.SESSION] = Session()
        with _guard:
            _tabs.add(tab)
    return st.session_state[keys.SESSION]


def files_in_use() -> set[str]:
    """The data files of all tabs of this server; a tab that was closed counts until Streamlit forgets it."""
    with _guard:
        opened = [tab.opened for tab in _tabs]
    return {experiment.trainer.config.data_file for experiment in opened if experiment}


_tabs: WeakSet[Session] = WeakSet()
_guard = threading.Lock()
