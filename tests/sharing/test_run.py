"""What scripts are given of a run."""

import numpy as np
import pytest

from tests.sharing.running import SEVERAL, restless, trained
from toynet.datasets import features
from toynet.sharing import run


@pytest.mark.parametrize("test_fraction", [0.25, 0.0])
def test_data_are_the_same_to_the_last_bit(test_fraction):
    split = trained(0, test_fraction=test_fraction).split
    names = {"np": np}
    exec(run.data(split), names)
    for name in ("X_train", "y_train", "X_test", "y_test"):
        assert np.array_equal(names[name], getattr(split, name)), name


@pytest.mark.parametrize("name", ["terms", "columns"])
def test_inputs_that_are_made_are_the_same(name):
    split = trained(0, **SEVERAL[name]).split
    names = {"np": np}
    exec(run.data(split), names)
    assert split.drawn and np.array_equal(names["y_test"], split.y_test)
    for part in ("X_train", "X_test"):
        np.testing.assert_allclose(names[part], getattr(split, part), rtol=0, atol=1e-14)


def test_every_term_is_written_as_it_is_computed():
    pair = np.random.default_rng(0).normal(size=(2, 30))
    assert list(run.TERMS) == list(features.TERMS)
    for name, term in features.TERMS.items():
        assert np.array_equal(eval(run.TERMS[name], {"np": np, "x1": pair[0], "x2": pair[1]}), term(*pair)), name


def test_changes_are_those_that_updates_have_felt():
    trainer = restless()
    felt = [(c.update, c.setting) for c in run.felt(trainer.state())]
    assert felt == [(c.update, c.setting) for c in trainer.changes if c.setting != "epochs"][:-1]
    changes = eval(f"{{\n{run.changes(trainer.state())}}}")
    assert changes[0] == {"learning_rate": 0.3} and changes[2] == {"learning_rate": 1.5}


def test_the_comment_tells_the_losses_to_compare_with():
    for trainer in (trained(), trained(**SEVERAL["softmax"])):
        comment = run.comment(trainer.state(), trainer.split)
        assert all(name in comment for name in trainer.split.class_names)
    trainer = trained()
    present = trainer.present()
    told = f"After 6 updates: train loss {present['train_loss']}, test loss {present['test_loss']}."
    assert told in run.comment(trainer.state(), trainer.split)
