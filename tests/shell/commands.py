"""The shell's commands as tests call them."""

from toynet import Config, Trainer
from toynet.shell.command import main

SMALL = ["--samples", "40", "--epochs", "5", "--hidden-size", "3"]


def run(*arguments):
    """Exit code of a command, however it ends."""
    try:
        return int(main([*map(str, arguments)]))
    except SystemExit as stop:
        return stop.code


def small(**changes):
    return Config(**{"samples": 40, "hidden_size": 3, "batch_size": 8, "epochs": 5, **changes})


def trained(ended=5, run=None, **changes):
    """A run after so many epochs."""
    trainer = Trainer(small(**changes), run=run, engine="numpy")
    trainer.run(epochs=ended)
    return trainer


def said(capsys):
    """The one line with which a command refuses; nothing else is printed."""
    out, err = capsys.readouterr()
    assert out == "" and err.endswith("\n") and len(err.splitlines()) == 1 and "Traceback" not in err, err
    assert err.startswith("python -m toynet")
    return err
