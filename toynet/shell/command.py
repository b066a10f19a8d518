"""The shell command: `python -m toynet train --dataset circles --epochs 200 --csv out.csv`, and its sisters."""

import argparse
import dataclasses
import os
import sys

from toynet.config import Config, range_text
from toynet.sharing.kinds import KINDS, PICTURES
from toynet.shell import listing, outputs, sharing, sweeping, training

ENDS = """
exit codes: 0 trained to the end; 1 diverged, or the metrics could not be written, or the run
not be kept; 2 bad options; 130, 143, 129 ended by Ctrl-C, SIGTERM or SIGHUP; 141 standard
output was closed by its reader. However a run ends, the metrics so far are written.
"""

SWEEP = """
Every setting takes one value or several, separated by commas; each combination of them is trained, a row a run.
A text with a comma, a double quote or a line break in it stands in double quotes, those in it doubled, as in CSV:
--target '"length, mm",width'. Rows come as runs end, diverged ones too (see the column state): until the end in
FILE.part, then in FILE, however it ends. The same command again, or with more seeds or values, trains what is missing.
"""

SWEEP_ENDS = """
exit codes: 0 all runs are done; 1 rows could not be written, runs not be trained, or the sweep not be
kept; 2 bad options; 130, 143, 129 ended by Ctrl-C, SIGTERM or SIGHUP; 141 standard output was closed by its reader.
"""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {' '.join(message.splitlines())}\n")

    def exit(self, status=0, message=None):
        outputs.tell(message or "")
        sys.exit(status)


def parser():
    """The command line: a parser for each command, whose default `run` is what it does."""
    top = Parser(prog="python -m toynet", description="Train the smallest network worth deriving by hand.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", title="commands")
    _train(commands)
    _sweep(commands)
    _resume(commands)
    _runs(commands)
    _export(commands)
    _import(commands)
    return top


def main(arguments=None):
    """Run the shell command; returns the exit code (`ENDS`)."""
    if sys.stderr is None:  # closed; argparse, tqdm and warnings take for granted that it is there
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    top = parser()
    options = top.parse_args(arguments)
    return options.run(top, options)


def _train(commands):
    train = commands.add_parser("train", help="train one network and write its metrics as CSV", epilog=ENDS)
    train.set_defaults(run=training.train)
    _where_metrics_go(train)
    about = "keep the run in the store as it trains, so that it is listed, compared, replayed and resumed"
    train.add_argument("--keep", action="store_true", help=about)
    _settings(train, "X")


def _settings(command, metavar):
    for f in dataclasses.fields(Config):
        about = f"{f.metadata['help']} "
        about += f"{range_text(f)}; default {f.default!r}"
        command.add_argument(f"--{f.name.replace('_', '-')}", metavar=metavar, help=about.replace("%", "%%"))


def _sweep(commands):
    about = "train every combination of some settings' values, a row a run as CSV"
    sweep = commands.add_parser("sweep", help=about, description=SWEEP, epilog=SWEEP_ENDS)
    sweep.set_defaults(run=sweeping.sweep)
    about = "train each combination with K seeds: 0 to K - 1, added to data_seed and init_seed (default 1)"
    sweep.add_argument("--seeds", metavar="K", default="1", help=about)
    about = "in how many threads of this machine (default: as many as it has processors)"
    sweep.add_argument("--jobs", metavar="N", help=about)
    about = "a Dask scheduler, such as tcp://host:8786, whose workers train (default: what TOYNET_SCHEDULER names)"
    sweep.add_argument("--scheduler", metavar="ADDRESS", help=about)
    about = (
        "where the rows go (default: standard output), in UTF-8; a file with rows of this very sweep is gone on with"
    )
    sweep.add_argument("--csv", metavar="FILE", help=about)
    about = "replace FILE if it is something else, older than the data file, or has other runs (but never a data file)"
    sweep.add_argument("--force", action="store_true", help=about)
    about = "keep what runs come to in the store as they end, and go on from what is kept of the same sweep"
    sweep.add_argument("--keep", action="store_true", help=about)
    _settings(sweep, "X,Y,...")


def _where_metrics_go(command):
    about = "where the metrics go (default: standard output), in UTF-8: a file is written whole at the end or not at "
    about += "all; a pipe or a device such as /dev/stdout is written to as it is, its header before training"
    command.add_argument("--csv", metavar="FILE", help=about)
    about = "replace FILE if it exists (but never the run's own data file); it keeps its permissions, a link its target"
    command.add_argument("--force", action="store_true", help=about)


def _resume(commands):
    resume = commands.add_parser("resume", help="go on with a kept run where it stands", epilog=ENDS)
    resume.set_defaults(run=training.resume)
    resume.add_argument("name", metavar="RUN", help="its name, as `runs` lists it")
    resume.add_argument("--epochs", metavar="N", help="the epoch to end at; default what its settings say")
    _where_metrics_go(resume)


def _runs(commands):
    runs = commands.add_parser("runs", help="list the kept runs: a table, or a CSV where nobody is looking")
    runs.set_defaults(run=listing.runs)
    runs.add_argument("--csv", metavar="FILE", help="where a CSV with all columns goes; else standard output")
    runs.add_argument("--force", action="store_true", help="replace FILE if it exists")


def _export(commands):
    export = commands.add_parser("export", help="write kept runs in a form that others read")
    export.set_defaults(run=sharing.export)
    export.add_argument("names", metavar="RUN", nargs="+", help="one run; of --csv and --parquet also several")
    kinds = export.add_mutually_exclusive_group(required=True)
    for name, kind in KINDS.items():
        kinds.add_argument(f"--{name}", metavar="FOLDER" if name == "tensorboard" else "FILE", help=kind.about)
    about = f"which picture --svg and --png draw: {', '.join(PICTURES)}; default {PICTURES[0]}"
    export.add_argument("--picture", metavar="P", choices=PICTURES, default=PICTURES[0], help=about)
    export.add_argument("--epoch", metavar="N", help="the run as it was after so many epochs")
    export.add_argument("--force", action="store_true", help="replace FILE if it exists")


def _import(commands):
    command = commands.add_parser("import", help="keep a run that was exported as JSON or CSV")
    command.set_defaults(run=sharing.take_in)
    command.add_argument("file", metavar="FILE", help="JSON brings the whole run back, a CSV its curves")
