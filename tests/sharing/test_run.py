"""What scripts are given of a run."""

import numpy as np
import pytest

from tests.sharing.running import restless, trained
from toynet.sharing import run


@pytest.mark.parametrize("test_fraction", [0.25, 0.0])
def test_data_are_the_same_to_the_last_bit(test_fraction):
    split = trained(0, test_fraction=test_fraction).split
    names = {"np": np}
    exec(run.data(split), names)
    for name in ("X_train", "y_train", "X_test", "y_test"):
        assert np.array_equal(names[name], getattr(split, name)), name


def test_changes_are_those_that_updates_have_felt():
    trainer = restless()
    felt = [(c.update, c.setting) for c in run.felt(trainer.state())]
    assert felt == [(c.update, c.setting) for c in trainer.changes if c.setting != "epochs"][:-1]
    changes = eval(f"{{\n{run.changes(trainer.state())}}}")
    assert changes[0] == {"learning_rate": 0.3} and changes[2] == {"learning_rate": 1.5}


def test_the_comment_tells_the_losses_to_compare_with():
    trainer = trained()
    present = trainer.present()
    told = f"After 6 updates: train loss {present['train_loss']}, test loss {present['test_loss']}."
    assert told in run.comment(trainer.state(), trainer.split)
