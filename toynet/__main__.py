"""The shell command: `python -m toynet train --dataset circles --epochs 200 --csv out.csv`."""

import argparse
import dataclasses
import sys
from pathlib import Path

from tqdm import tqdm

from toynet import metrics_csv
from toynet.config import Config, parse, range_text
from toynet.training import Trainer


class Parser(argparse.ArgumentParser):
    """An ArgumentParser whose complaint is one line."""

    def error(self, message):
        self.exit(2, f"{self.prog}: {message}\n")


def parser():
    """The command line: one option for each field of Config."""
    top = Parser(prog="python -m toynet", description="Train the smallest network worth deriving by hand.")
    commands = top.add_subparsers(dest="command", required=True, metavar="train")
    train = commands.add_parser("train", help="train one network and write its metrics as CSV")
    train.add_argument("--csv", metavar="FILE", help="where the metrics go (default: standard output)")
    for f in dataclasses.fields(Config):
        about = f"{f.metadata['help']} "
        about += f"{range_text(f)}; default {f.default!r}"
        train.add_argument(f"--{f.name.replace('_', '-')}", metavar="X", help=about.replace("%", "%%"))
    return top


def main(arguments=None):
    """Run the shell command; returns the exit code.

    0: trained to the end. 1: diverged, or the file could not be written. 2: bad
    options. 130: interrupted. Whatever ended it, the metrics so far are written.
    """
    top = parser()
    options = vars(top.parse_args(arguments))
    given = {f.name: options[f.name] for f in dataclasses.fields(Config) if options[f.name] is not None}
    try:
        trainer = Trainer(Config(**{name: parse(name, text) for name, text in given.items()}))
    except ValueError as error:
        top.error(str(error))
    out = options["csv"]
    if out and not Path(out).parent.is_dir():
        top.error(f"--csv {out}: there is no folder {Path(out).parent}")
    interrupted = _train_with_bar(trainer)
    try:
        content = metrics_csv.text(trainer.history)
        if out:
            Path(out).write_text(content, "utf-8", newline="")
        else:
            sys.stdout.write(content)
    except OSError as error:
        print(f"{out} could not be written: {error.strerror}", file=sys.stderr)
        return 1
    if trainer.diverged:
        print(trainer.diverged, file=sys.stderr)
    return 130 if interrupted else bool(trainer.diverged)


def _train_with_bar(trainer):
    """Train to the end under a progress bar; returns whether Ctrl-C cut it short."""
    try:
        trainer.prepare()
        with tqdm(total=trainer.config.epochs, unit=" epochs", file=sys.stderr) as bar:
            while trainer.epoch < trainer.config.epochs and not trainer.diverged:
                trainer.run(seconds=0.1)
                bar.update(trainer.epoch - bar.n)
                bar.set_postfix_str(f"train loss {trainer.recorded.last['train_loss']:.4f}", refresh=False)
    except KeyboardInterrupt:
        return True
    return False


if __name__ == "__main__":
    sys.exit(main())
