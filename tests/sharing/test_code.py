"""The scikit-learn classifier that the code makes has the network's probabilities, in the inputs' own units."""

import ast

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from tests.problems import problem
from tests.sharing.running import HOSTILE, SEVERAL, given, made_of, printed, restless, small, trained
from toynet import Trainer
from toynet.activations import ACTIVATIONS
from toynet.network import forward
from toynet.sharing import code, literals
from toynet.sharing.code import sklearn_code

pytestmark = pytest.mark.filterwarnings("error")


def source(trainer):
    return sklearn_code(trainer.state(), trainer.split)


def made(trainer):
    """What the code defines, by name."""
    names = {}
    exec(compile(source(trainer), "code.py", "exec"), names)
    return names


def assert_same_probabilities(trainer):
    split = trainer.split
    X = split.own_units(np.random.default_rng(1).normal(0, 3, (200, split.X_train.shape[1])))
    y_hat = forward(trainer.parameters, (X - split.mean) / split.scale, trainer.config.activation).y_hat
    found = made(trainer)["classifier"].predict_proba(X)
    np.testing.assert_allclose(found, np.vstack([1 - y_hat, y_hat]).T, rtol=0, atol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_its_probabilities_are_the_networks(activation):
    assert_same_probabilities(trained(activation=activation, dataset="csv", data_file="penguins.csv", target="sex"))
    assert_same_probabilities(Trainer(small(activation=activation), parameters=problem(activation, h=5)[0]))


@pytest.mark.parametrize("name", SEVERAL)
def test_of_several_outputs_and_of_inputs_that_are_made_too(name, capsys):
    trainer = trained(batch_mode="mini", **SEVERAL[name])
    split, own = trainer.split, trainer.present()
    names = made(trainer)
    y_hat = forward(trainer.parameters, split.X_test, trainer.config.activation, trainer.config.output).y_hat
    wanted = y_hat.T if split.outputs > 1 else np.vstack([1 - y_hat, y_hat]).T
    found = names["classifier"].predict_proba(names["X"])
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-12)
    assert names["classifier"].classes_.tolist() == list(range(len(split.class_names)))
    assert names["classifier"].score(names["X"], names["y"]) == pytest.approx(own["test_accuracy"], abs=1e-12)
    assert max(map(len, source(trainer).splitlines())) <= 120
    of_first = "probability of class 1" if split.outputs == 1 else "probabilities of the classes"
    assert capsys.readouterr().out.startswith(of_first)


@pytest.mark.parametrize("name", ["all", "L2", "momentum", "columns"])
def test_its_l2_and_momentum_are_those_of_the_run(name):
    """The same start, the same full batches: the same parameters."""
    trainer = Trainer(small(epochs=8, **SEVERAL[name]), engine="reference")
    start, split = trainer.parameters, trainer.split
    trainer.run()
    network = clone(made(trainer)["network"]).set_params(max_iter=1)
    k, y = len(split.class_names), split.y_train.astype(int)
    network.partial_fit(split.X_train, y, classes=range(k))
    network.coefs_, network.intercepts_ = [start.W1.T.copy(), start.W2.T.copy()], [start.b1[:, 0], start.b2[:, 0]]
    network._optimizer.velocities = [np.zeros_like(p) for p in [*network.coefs_, *network.intercepts_]]
    for _ in range(8):
        network.partial_fit(split.X_train, y)
    np.testing.assert_allclose(network.coefs_[0].T, trainer.parameters.W1, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(network.coefs_[1].T, trainer.parameters.W2, rtol=1e-9, atol=1e-12)


def test_of_several_sigmoids_it_says_how_they_are_trained():
    """What scikit-learn makes of several classes is softmax: the sentence tells of both, and both are so."""
    trainer = trained(batch_mode="mini", **SEVERAL["sigmoids"])
    assert "fit(X, np.eye(5)[y])" in source(trainer)
    assert "np.eye" not in source(trained(**SEVERAL["softmax"]))
    names = made(trainer)
    anew = clone(names["classifier"])
    with pytest.warns(ConvergenceWarning):
        assert anew.fit(names["X"], names["y"])[-1].out_activation_ == "softmax"
    with pytest.warns(ConvergenceWarning):
        network = anew.fit(names["X"], np.eye(5)[names["y"]])[-1]
    assert (network.out_activation_, network.loss, network.coefs_[1].shape) == ("logistic", "log_loss", (3, 5))


def test_of_three_inputs_given_by_hand_too():
    assert_same_probabilities(given(("a", "b", "c"), "one"))


@pytest.mark.parametrize(("test_fraction", "part"), [(0.25, "test"), (0.0, "train")])
def test_it_prints_the_accuracy_of_the_run(capsys, test_fraction, part):
    trainer = trained(dataset="breast_cancer", test_fraction=test_fraction)
    made(trainer)
    label, _, number = capsys.readouterr().out.splitlines()[-1].partition(": ")
    assert label == f"{part} accuracy"
    assert float(number) == pytest.approx(trainer.present()[f"{part}_accuracy"], abs=1e-12)


def test_it_runs_by_itself(tmp_path):
    assert printed(source(trained()), tmp_path)[-1].startswith("test accuracy: ")


def test_many_samples_are_packed(monkeypatch):
    monkeypatch.setattr(literals, "PACKED", 25)
    assert "b64decode" in source(trained())
    assert_same_probabilities(trained())


def test_it_predicts_classes():
    names = made(trained())
    classifier, X = names["classifier"], names["X"]
    assert np.array_equal(classifier.predict(X), classifier.predict_proba(X)[:, 1] > 0.5)
    assert classifier.classes_.tolist() == [0, 1]


def test_a_clone_trains_with_the_settings_of_the_run():
    trainer = trained(activation="sigmoid", batch_mode="mini", epochs=30)
    trainer.epochs = 60
    classifier = clone(made(trainer)["classifier"])
    X, y = trainer.split.own_units(trainer.split.X_train), trainer.split.y_train.astype(int)
    with pytest.warns(ConvergenceWarning, match=r"Maximum iterations \(60\)"):
        network = classifier.fit(X, y)[-1]
    assert network.n_iter_ == 60 and [c.shape for c in network.coefs_] == [(2, 3), (3, 1)]
    settings = {
        "hidden_layer_sizes": (3,), "activation": "logistic", "solver": "sgd", "learning_rate_init": 0.5,
        "batch_size": 7, "shuffle": True, "momentum": 0.0, "nesterovs_momentum": False, "alpha": 0.0,
    }  # fmt: skip
    assert settings.items() <= network.get_params().items()
    assert network.loss_curve_[-1] < network.loss_curve_[0]


def test_changes_in_mid_run_are_said():
    assert "\n# After update 2 learning_rate became 1.5.\n" in source(restless())


def test_names_that_would_be_code_stay_names():
    hostile, plain = given(HOSTILE, HOSTILE[0]), given(("a", 2, "c"), "one")
    assert ast.dump(ast.parse(source(hostile).encode())) == ast.dump(ast.parse(source(plain)))
    assert_same_probabilities(hostile)
    hostile, plain = made_of(HOSTILE), made_of(("a", "b", "c"))
    assert ast.dump(ast.parse(source(hostile).encode())) == ast.dump(ast.parse(source(plain)))


def test_an_activation_that_scikit_learn_does_not_have_is_refused(monkeypatch):
    monkeypatch.delitem(code.ACTIVATIONS, "tanh")
    with pytest.raises(ValueError, match="scikit-learn has no activation tanh"):
        source(trained(1))
