"""Another run in the place of the present one: from the store, from where one looks back at, or the one before."""

from dataclasses import fields, replace

from toynet.config import Config
from toynet.replay import Replay
from toynet.training import Trainer, new_name
from toynet.ui import keeping, keys, session
from toynet.ui.as_text import as_text
from toynet.ui.controls import choices, data
from toynet.ui.experiment import Experiment
from toynet.ui.train import plan


def take_up(run):
    """Show a kept run where it stands, paused.

    Raises
    ------
    ValueError
        One sentence: it is not there, it has no parameters, or its data are not to be had.
    """
    keeping.keeper().flush()  # a tab that was loaded anew right after the first update
    found = keeping.store().find(run, keeping.owner())
    keeping.settle(found)
    state = keeping.store().state(found)
    trainer = Trainer.resume(with_data(state))
    kept = keeping.taken_up(found, trainer)
    tab = session.current()
    show(Experiment.around(trainer, kept))
    tab.say(_how_it_stands(trainer, keeping.store().said(found)["name"]))


def with_data(state):
    """The state, or a ValueError where this tab may not have the run's data."""
    config = state.config
    if config.dataset == "csv" and not data.offered(config.data_file):
        raise ValueError(f"the file of run {state.run_name} is no longer here")
    if state.split and len(state.split.feature_names) < 2:
        raise ValueError(f"run {state.run_name} has one input: there is no plane to draw; Runs has its curves")
    return state


def _how_it_stands(trainer, name):
    called = f"*{as_text(name, 80)}* ({trainer.run_name})" if name else f"*{as_text(trainer.run_name)}*"
    within = "" if trainer.samples_seen % trainer.split.y_train.size == 0 else f", update {trainer.update:,}"
    return f"Here is run {called} as it stood at epoch {trainer.epoch:,}{within}: Train goes on with it."


def open_copy(run, epoch):
    """Show a run of its own that goes on from an epoch of a kept one. Raises ValueError as `take_up`."""
    found = keeping.store().find(run, keeping.owner())
    state = with_data(keeping.store().state(found))
    replay = Replay(state)
    replay.seek(epoch)
    at = replay.moment() if epoch < state.progress.epoch else state
    trainer = Trainer.resume(replace(at, run_name=new_name()))
    show(Experiment.around(trainer, keeping.new(found, trainer.epoch)))
    session.current().say(f"A run of its own goes on from epoch {trainer.epoch:,} of {as_text(found)}.")


def branch():
    """A run of its own from where one looks back at."""
    before = session.current().experiment
    after = before.branch()
    name, epoch = after.kept.source.parent, after.kept.source.parent_epoch
    show(after, f"A run of its own goes on from epoch {epoch:,} of {as_text(name)}.")


def undo():
    """The run before, as it was."""
    session.current().undo()
    _forget_controls()


def show(experiment, why=""):
    """A run in the place of the present one, and the sidebar at its settings."""
    session.current().show(experiment, why)
    _forget_controls()


def _forget_controls():
    """The controls of the settings begin again, at those of the run; they have not been drawn yet."""
    for f in fields(Config):
        choices.forget(keys.setting(f.name))
    plan.forget()
