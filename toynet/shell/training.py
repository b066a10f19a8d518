"""The commands that train: `train` and `resume`, under a progress bar, whatever ends them."""

import dataclasses
from contextlib import nullcontext, suppress

from tqdm import tqdm

from toynet import metrics_csv
from toynet.config import Config, parse
from toynet.shell import interrupts, outputs
from toynet.training import Trainer

CLOSED_PIPE = interrupts.exit_code(13)
"""The exit code of a command whose reader has gone, which is no fault: that of SIGPIPE."""


def train(top, options):
    """`train`: one network, from its initial weights on."""
    given = {f.name: getattr(options, f.name) for f in dataclasses.fields(Config)}
    try:
        trainer = Trainer(Config(**{name: parse(name, text) for name, text in given.items() if text is not None}))
        output = _output(trainer, options)
    except ValueError as error:
        top.error(str(error))
    return _run(top, trainer, output, _Keeping() if options.keep else None)


def resume(top, options):
    """`resume`: a kept run, where it stands, as if it had never been stopped; it is kept on."""
    from toynet.runs.store import Store

    try:
        store = Store()
        trainer = store.trainer(store.find(options.name))
        if options.epochs is not None:
            trainer.epochs = parse("epochs", options.epochs)
        if trainer.diverged:
            raise ValueError(f"run {trainer.run_name} cannot go on. {trainer.diverged}")
        if trainer.epoch >= trainer.epochs:
            raise ValueError(f"run {trainer.run_name} is at epoch {trainer.epoch:,}: give a later one with --epochs")
        output = _output(trainer, options)
        keeping = _Keeping(store.source(trainer.run_name), len(trainer.recorded), trainer.update)
        store.claim(trainer.run_name, keeping.kept.holder, trainer.update)
    except ValueError as error:
        top.error(str(error))
    return _run(top, trainer, output, keeping)


class _Keeping:
    """A run that is kept as it trains."""

    def __init__(self, source=None, rows=0, update=0):
        from toynet.runs.keeping import Keeper, Kept  # SQLAlchemy: loaded by who keeps
        from toynet.runs.records import Source

        self.keeper, self.kept = Keeper(), Kept(source or Source(), rows=rows, update=update)
        self._is_told = False

    def note(self, trainer, is_running):
        """Hand over what is new; whatever is wrong with the store is told once."""
        self.keeper.note(self.kept, trainer, is_running)
        problem = self.kept.taken or self.keeper.problem
        if problem and not self._is_told:
            self._is_told = True
            outputs.tell(f"\nThe run is not kept at present: {problem}. It trains on.\n")

    def finish(self, trainer):
        """Hand over the last of it and wait until that is written; returns whether it is."""
        self.note(trainer, is_running=False)
        self.keeper.flush()
        self.note(trainer, is_running=False)  # again the whole of it, where the store has lost what it had
        written = self.keeper.close() and not self.kept.taken
        if not trainer.update:
            outputs.tell("The run has no update, so it is not kept.\n")
        elif written:
            outputs.tell(f"Kept as run {trainer.run_name}.\n")
        else:
            outputs.tell(f"The run could not be kept: {self.kept.taken or self.keeper.problem}.\n")
        return written


def _output(trainer, options):
    """Where the metrics go."""
    return outputs.choose(options.csv, options.force, [trainer.config])


def _run(top, trainer, output, keeping=None):
    """Train to the end, or to a signal, and write what there is; returns the exit code."""
    with interrupts.Interrupts() as stop:
        try:
            _begin(top, output, trainer, stop)
            _train_with_bar(trainer, stop, keeping)
            is_kept = keeping.finish(trainer) if keeping else True
            code = _finish(output, trainer, stop) or (0 if is_kept else 1)
        except BrokenPipeError:
            code = CLOSED_PIPE
        except KeyboardInterrupt:  # while it waited for a pipe
            code = 0
        finally:
            output.close()
    return interrupts.exit_code(stop.number) if stop.number and code != 1 else code


def _metrics(trainer):
    """The metrics so far as the CSV's bytes."""
    return metrics_csv.text(trainer.history).encode()


def _begin(top, output, trainer, stop):
    """Make sure that the metrics can be written, before there are any to lose."""
    rows = 2 + trainer.config.epochs // trainer.config.record_every
    try:
        with stop.breaking():
            # Of a run that goes on, one row: it stands for all of them.
            output.begin(metrics_csv.text(trainer.history.head(1)).encode(), rows)
    except BrokenPipeError:
        raise
    except OSError as error:
        top.error(f"{output.name} cannot be written: {error.strerror}")


def _train_with_bar(trainer, stop, keeping):
    """Train to the end, or until a signal comes, under a progress bar."""
    if keeping:  # one that goes on is running from now on: nobody else takes it up
        keeping.note(trainer, is_running=True)
    with suppress(KeyboardInterrupt), stop.breaking():
        trainer.prepare()
    epochs = trainer.config.epochs
    with tqdm(total=epochs, initial=trainer.epoch, unit=" epochs", file=outputs.Told(), dynamic_ncols=True) as bar:
        while trainer.epoch < epochs and not trainer.diverged and not stop.number:
            trainer.run(seconds=0.1)
            bar.update(trainer.epoch - bar.n)
            bar.set_postfix_str(f"train loss {trainer.recorded.last['train_loss']:.4f}", refresh=False)
            if keeping:
                keeping.note(trainer, is_running=True)


def _finish(output, trainer, stop):
    """Write the metrics; returns the exit code."""
    if stop.number:  # of a long run that takes a while
        outputs.tell("Ended early; writing the metrics so far.\n")
    failed = not _written(output, _metrics(trainer), stop)
    if trainer.diverged:
        outputs.tell(f"{trainer.diverged}\n")
    return 1 if failed or trainer.diverged else 0


def _written(output, metrics, stop):
    """Write them all, if need be to standard output; returns whether that was as asked for."""
    try:
        with stop.breaking() if output.breaks else nullcontext():
            output.finish(metrics)
    except BrokenPipeError:
        raise
    except OSError as error:
        spare = output.spare()
        instead = "; the metrics go to standard output" if spare else ""
        outputs.tell(f"{output.name} could not be written: {error.strerror}{instead}\n")
        if spare:
            _written(spare, metrics, stop)
        return False
    return True
