"""The shell command: `python -m toynet train --dataset circles --epochs 200 --csv out.csv`."""

import argparse
import dataclasses
import os
import sys
from contextlib import nullcontext, suppress

from tqdm import tqdm

from toynet import metrics_csv
from toynet.config import Config, parse, range_text
from toynet.datasets import csv_files
from toynet.shell import interrupts, outputs
from toynet.training import Trainer

CLOSED_PIPE = interrupts.exit_code(13)
"""The exit code of a command whose reader has gone, which is no fault: that of SIGPIPE."""

ENDS = """
exit codes: 0 trained to the end; 1 diverged, or the metrics could not be written; 2 bad
options; 130, 143, 129 ended by Ctrl-C, SIGTERM or SIGHUP; 141 standard output was closed by
its reader. However a run ends, the metrics so far are written.
"""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")

    def exit(self, status=0, message=None):
        outputs.tell(message or "")
        sys.exit(status)


def parser():
    """The command line: one option for each field of Config."""
    top = Parser(prog="python -m toynet", description="Train the smallest network worth deriving by hand.")
    commands = top.add_subparsers(dest="command", required=True, metavar="train")
    train = commands.add_parser("train", help="train one network and write its metrics as CSV", epilog=ENDS)
    about = "where the metrics go (default: standard output), in UTF-8: a file is written whole at the end or not at "
    about += "all; a pipe or a device such as /dev/stdout is written to as it is, its header before training"
    train.add_argument("--csv", metavar="FILE", help=about)
    about = "replace FILE if it exists (but never the run's own data file); it keeps its permissions, a link its target"
    train.add_argument("--force", action="store_true", help=about)
    for f in dataclasses.fields(Config):
        about = f"{f.metadata['help']} "
        about += f"{range_text(f)}; default {f.default!r}"
        train.add_argument(f"--{f.name.replace('_', '-')}", metavar="X", help=about.replace("%", "%%"))
    return top


def main(arguments=None):
    """Run the shell command; returns the exit code.

    0: trained to the end. 1: diverged, or the metrics could not be written. 2: bad options.
    128 + n: ended by signal n. 141: the reader of standard output has gone. However a run
    ends, the metrics so far are written.
    """
    if sys.stderr is None:  # closed; argparse, tqdm and warnings take for granted that it is there
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    top = parser()
    options = vars(top.parse_args(arguments))
    given = {f.name: options[f.name] for f in dataclasses.fields(Config) if options[f.name] is not None}
    try:
        trainer = Trainer(Config(**{name: parse(name, text) for name, text in given.items()}))
        data_file = csv_files.find(trainer.config.data_file) if trainer.config.dataset == "csv" else None
        output = outputs.choose(options["csv"], options["force"], data_file)
    except ValueError as error:
        top.error(str(error))
    with interrupts.Interrupts() as stop:
        try:
            _begin(top, output, trainer, stop)
            _train_with_bar(trainer, stop)
            code = _finish(output, trainer, stop)
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
            output.begin(_metrics(trainer), rows)
    except BrokenPipeError:
        raise
    except OSError as error:
        top.error(f"{output.name} cannot be written: {error.strerror}")


def _train_with_bar(trainer, stop):
    """Train to the end, or until a signal comes, under a progress bar."""
    with suppress(KeyboardInterrupt), stop.breaking():
        trainer.prepare()
    epochs = trainer.config.epochs
    with tqdm(total=epochs, unit=" epochs", file=outputs.Told(), dynamic_ncols=True) as bar:
        while trainer.epoch < epochs and not trainer.diverged and not stop.number:
            trainer.run(seconds=0.1)
            bar.update(trainer.epoch - bar.n)
            bar.set_postfix_str(f"train loss {trainer.recorded.last['train_loss']:.4f}", refresh=False)


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
