"""What one browser tab is at: everything that its pages share, under one session key."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakSet

import streamlit as st

from toynet.charts.curves import Seen
from toynet.config import Config
from toynet.many.plan import Plan
from toynet.training import IN_MID_RUN
from toynet.ui import changed, keys
from toynet.ui.experiment import Experiment
from toynet.ui.sweep.swept import Swept


@dataclass(frozen=True)
class Offer:
    """An earlier run that Undo brings back whole.

    Attributes
    ----------
    run : Experiment
    why : str
        What put another one in its place.
    update : int
        At which the other one was then: once it has been trained on, nothing is offered any more.
    """

    run: Experiment
    why: str
    update: int


@dataclass(eq=False)  # a tab is itself only
class Session:
    """A tab's experiment, what it has to say, and what its controls remember.

    Attributes
    ----------
    opened : Experiment or None
        None until the first page of the tab.
    complaints : list of str
        What was wrong with the address that the tab was opened at.
    addressed : tuple of (Config, Plan, str, dict) or None
        Settings, runs beside and run that the page's address stands for, and its parameters.
    word : tuple of (Experiment, int, str) or None
        What is to be said of a run until it is trained on: the run, its update, and the sentence.
    chosen : list of str
        Kept runs that are looked at on the page Runs.
    behind : list of str
        Kept runs whose curves are drawn behind the live ones.
    looked_at : dict
        Run -> what its boundary on the page Runs keeps from one epoch to the next.
    deleted : list of str
        What was deleted last, until something else is or it is brought back.
    trouble : str
        Why the last action on runs failed, or "".
    cleared : int
        How often nothing has been chosen again.
    last_import : tuple of (str, bool, str)
        Number of the file that was imported last, whether it could be, and what is still to be said of that.
    chance : tuple or None
        Two lanes of a race, with how many seeds they were compared, and the verdict.
    swept : Swept
        What it is at on the page Sweep.
    pages : dict of str to streamlit.Page
        By title.
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
    replaced : Offer or None
        The trained run that the present one has taken the place of.
    pressed : callable or None
        What is still to be done with the experiment: a number that was typed just before the press comes first.
    seen : Seen
        What the browser shows of the curves.
    drawn, settled : set of str
        Controls drawn in this run of the script, and in the last one that came to its end.
    """

    opened: Experiment | None = None
    complaints: list[str] = field(default_factory=list)
    addressed: tuple[Config, Plan, str, dict[str, str]] | None = None
    word: tuple[Experiment, int, str] | None = None
    chosen: list[str] = field(default_factory=list)
    behind: list[str] = field(default_factory=list)
    looked_at: dict[str, Any] = field(default_factory=dict)
    deleted: list[str] = field(default_factory=list)
    trouble: str = ""
    cleared: int = 0
    last_import: tuple[str, bool, str] = ("", True, "")
    chance: tuple[Any, ...] | None = None
    swept: Swept = field(default_factory=Swept)
    pages: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    uploads: list[str] = field(default_factory=list)
    last_upload: tuple[str, str] = ("", "")
    comparison: Any = None
    replaced: Offer | None = None
    remembered: dict[str, Any] = field(default_factory=dict)
    pressed: Callable[[Experiment], None] | None = None
    seen: Seen = field(default_factory=Seen)
    drawn: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)

    @property
    def experiment(self) -> Experiment:
        """The tab's experiment; a default one where there is none yet."""
        if self.opened is None:
            self.start(Config())
        assert self.opened is not None
        return self.opened

    def act(self) -> None:
        """Do what was pressed, now that the experiment is what the sidebar says."""
        if self.pressed:
            action, self.pressed = self.pressed, None
            action(self.experiment)

    def start(self, config: Config) -> None:
        """Replace the experiment by a fresh one. Raises ValueError, and then replaces nothing."""
        self.show(Experiment.of(config, self.opened.plan if self.opened else None))

    def say(self, sentence: str) -> None:
        """A sentence about the present run, said until it is trained on."""
        self.word = self.experiment, self.experiment.trainer.update, sentence

    @property
    def said(self) -> str:
        """What is to be said of the present run, or ""."""
        if self.word and self.word[:2] == (self.experiment, self.experiment.trainer.update):
            return "" if self.experiment.running else self.word[2]
        return ""

    def undo(self) -> None:
        """Bring the replaced run back, paused; the one that goes is offered in turn, if it has been trained."""
        if self.replaced:
            back, self.replaced = self.replaced.run, None
            self.show(back, "The earlier run is back.")

    @property
    def offer(self) -> Offer | None:
        """What there is to undo, until the present run goes on."""
        offer, present = self.replaced, self.experiment
        stands = offer and not present.running and present.trainer.update == offer.update
        return offer if stands else None

    def show(self, run: Experiment, why: str = "") -> None:
        """Another run in the place of the present one, which is kept where it has been trained.

        Where it has not, the one that it took the place of is still what can be brought back.
        """
        before, self.opened = self.opened, run
        if before:
            before.pause()
            before.note()
            kept = before if before.trainer.update else self.replaced and self.replaced.run
            why = why or (changed.sentence(kept.trainer.config, run.trainer.config) if kept else "")
            self.replaced = Offer(kept, why, run.trainer.update) if kept else None

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
        tab = st.session_state[keys.SESSION] = Session()
        with _guard:
            _tabs.add(tab)
    return st.session_state[keys.SESSION]


def files_in_use() -> set[str]:
    """The data files of all tabs of this server, those of runs that Undo would bring back too.

    A tab that was closed counts until Streamlit forgets it.
    """
    with _guard:
        runs = [run for tab in _tabs for run in (tab.opened, tab.replaced and tab.replaced.run)]
    return {run.trainer.config.data_file for run in runs if run}


_tabs: WeakSet[Session] = WeakSet()
_guard = threading.Lock()
