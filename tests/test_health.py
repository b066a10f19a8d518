"""Units that are dead or saturated: which they are, and what is said of them."""

import numpy as np
import pytest

from toynet import Config, Trainer
from toynet.activations import ACTIVATIONS
from toynet.health import sentences, stuck
from toynet.network import forward

Z1 = np.random.default_rng(0).normal(size=(6, 400))
"""Of six lively units."""


def found(activation, **places):
    """What is said where these units' Z1 are moved by so much."""
    Z = Z1.copy()
    for name, by in places.items():
        Z[int(name[1:]) - 1] += by
    return sentences(stuck(ACTIVATIONS[activation].g(Z), activation), activation)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_nothing_is_said_of_lively_units(activation):
    assert found(activation) == ""


def test_a_dead_layer_is_named_in_the_derivations_terms_with_what_to_change():
    said = sentences(stuck(np.zeros((4, 9)), "relu"), "relu")
    for part in ("hidden layer is dead", "A1 = 0 for all", "g'(Z1) = 0", "dC_dW1, dC_db1 and dC_dW2", "Only b2"):
        assert part in said
    for remedy in ("Lower the learning rate", "Reset", "initial seed", "tanh instead of relu"):
        assert remedy in said


@pytest.mark.parametrize(
    ("places", "named"),
    [
        ({"u2": -9}, "Hidden unit 2 is dead"),
        ({"u2": -9, "u5": -9}, "Hidden units 2 and 5 are dead"),
        ({"u1": -9, "u2": -9, "u5": -9}, "Hidden units 1, 2 and 5 are dead"),
    ],
)
def test_dead_units_are_named_by_the_numbers_at_which_they_are_drawn(places, named):
    assert found("relu", **places).startswith(named)


def test_of_many_units_the_first_are_named():
    A1 = np.ones((40, 9))
    A1[3:30] = 0
    assert sentences(stuck(A1, "relu"), "relu").startswith("Hidden units 4, 5, 6, 7, 8 and 22 more are dead")


@pytest.mark.parametrize(("activation", "where"), [("tanh", "|A1| > 0.99"), ("sigmoid", "A1 < 0.005 or A1 > 0.995")])
@pytest.mark.parametrize("by", [-20, 20])
def test_saturated_units_are_named_at_either_end(activation, where, by):
    said = found(activation, u3=by)
    assert said.startswith(f"Hidden unit 3 is saturated: {where} for at least 95% of the training samples")
    assert "g'(Z1) is nearly 0" in said and "dC_dW1" in said
    assert ("instead of" in said) == (activation == "sigmoid")
    all_of_them = found(activation, **{f"u{i + 1}": by for i in range(6)})
    assert all_of_them.startswith("The whole hidden layer is saturated")


@pytest.mark.parametrize(("share", "counts"), [(0.94, False), (0.95, True)])
def test_a_unit_is_saturated_where_nearly_all_samples_are_at_an_end_whichever(share, counts):
    A1 = np.zeros((1, 200))
    A1[0, : round(200 * share)] = np.where(np.arange(round(200 * share)) % 2, 0.9901, -0.9901)
    assert bool(stuck(A1, "tanh").saturated[0]) == counts
    assert not stuck(np.full((1, 200), 0.98), "tanh").saturated.any()


def test_relu_at_a_rate_of_ten_kills_its_layer_and_a_fresh_network_is_well():
    config = Config(dataset="xor", activation="relu", learning_rate=10, batch_mode="stochastic", hidden_size=16)
    trainer = Trainer(config, engine="numpy")

    def said():
        A1 = forward(trainer.parameters, trainer.split.X_train, "relu").A1
        return sentences(stuck(A1, "relu"), "relu")

    assert said() == ""
    trainer.run(epochs=3)
    assert "dead" in said()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_comes_to_the_ends_it_names(activation):
    entry = ACTIVATIONS[activation]
    far = entry.g(np.array([-1e3, 1e3]))
    if entry.ends is None:
        assert np.abs(far).max() > 100
    else:
        np.testing.assert_allclose(far, entry.ends, atol=1e-12)


def test_units_of_several_outputs_are_looked_at_alike():
    """A dead layer of a network with three outputs: only the three numbers of b2 still learn."""
    trainer = Trainer(Config(dataset="blobs", classes=3, samples=60, activation="relu", output="softmax"))
    dead = trainer.parameters._replace(b1=np.full_like(trainer.parameters.b1, -99.0))
    A1 = forward(dead, trainer.split.X_train, "relu", "softmax").A1
    assert sentences(stuck(A1, "relu"), "relu").startswith("The hidden layer is dead")


def test_the_remedy_names_the_momentum_where_there_is_one():
    A1 = np.zeros((3, 5))
    assert "Lower the learning rate and press" in sentences(stuck(A1, "relu"), "relu")
    assert "Lower the learning rate or the momentum and press" in sentences(stuck(A1, "relu"), "relu", momentum=0.5)
