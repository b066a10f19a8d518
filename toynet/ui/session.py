"""What one browser tab is at: everything that its pages share, under one session key."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import streamlit as st

from toynet.config import Config
from toynet.training import IN_MID_RUN
from toynet.ui import keys
from toynet.ui.experiment import Experiment


@dataclass
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

        What trains the network may change in mid-run (`IN_MID_RUN`); anything else is another experiment.
        Raises ValueError where the data cannot be used, and leaves all as it was.
        """
        changed = {setting: getattr(config, setting) for setting in IN_MID_RUN}
        if config == replace(self.experiment.trainer.config, **changed):
            self.experiment.change(config)
        else:
            self.start(config)


def current() -> Session:
    """This tab's session."""
    if keys.SESSION not in st.session_state:
        st.session_state[keys.SESSION] = Session()
    return st.session_state[keys.SESSION]
