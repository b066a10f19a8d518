"""A trained network as code that makes a scikit-learn classifier of it: the same probabilities, nothing trained."""

from dataclasses import replace
from string import Template

import numpy as np

from toynet.config import Config
from toynet.datasets import Split
from toynet.sharing import literals, run
from toynet.state import State

ACTIVATIONS = {"tanh": "tanh", "sigmoid": "logistic", "relu": "relu"}
"""Activation -> scikit-learn's name for it."""

CODE = Template('''\
"""A network of ToyNet as a scikit-learn classifier, ready to predict: nothing is trained here.

Written for scikit-learn 1.9. Inputs are in their own units.
"""

${imports}import numpy as np
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelBinarizer, StandardScaler

$comment

# The run's settings: sklearn.base.clone(classifier).fit(X, y) trains such a network anew,
# from weights and in orders that scikit-learn draws.
network = MLPClassifier(
$settings)
$changes
# What fit would find: scikit-learn has samples as rows, so its weights are W1.T and W2.T.
W1 = $W1
b1 = $b1
W2 = $W2
b2 = $b2
network.coefs_ = [W1.T, W2.T]
network.intercepts_ = [b1.ravel(), b2.ravel()]
network.n_features_in_ = $d
network.n_layers_, network.n_outputs_, network.out_activation_ = 3, 1, "logistic"
network.classes_ = np.array([0, 1])
network._label_binarizer = LabelBinarizer().fit(network.classes_)  # private: predict looks the classes up in it

scaler = StandardScaler()
scaler.mean_, scaler.scale_ = $units
scaler.var_ = scaler.scale_**2
scaler.n_features_in_ = $d

classifier = make_pipeline(scaler, network)

# The $part samples, in their own units: the inputs and, last, the class.
samples = $samples
X, y = samples[:, :-1], samples[:, -1].astype(int)
print("probability of class 1, of the first sample:", classifier.predict_proba(X[:1])[0, 1])
print("$part accuracy:", classifier.score(X, y))
''')


def sklearn_code(state: State, split: Split) -> str:
    """Code that makes a scikit-learn classifier with the run's present parameters, for inputs in their own units.

    Parameters
    ----------
    state : State
    split : Split
        The run's data: how inputs are standardised, and the samples (of the test part where there is one) whose
        accuracy the code prints.

    Returns
    -------
    str
        Source text that defines `classifier`: `predict_proba(X)[:, 1]` is the network's y_hat. Its last line printed
        is the accuracy.

    Raises
    ------
    ValueError
        For an activation that scikit-learn does not have.
    """
    part, X, y = ("test", split.X_test, split.y_test) if split.y_test.size else ("train", split.X_train, split.y_train)
    arrays = {name: literals.array(values) for name, values in state.progress.parameters._asdict().items()}
    arrays["units"] = literals.array(np.stack([split.mean, split.scale]))
    arrays["samples"] = literals.array(np.column_stack([split.own_units(X), y]))
    return CODE.substitute(
        arrays,
        imports=literals.imports("".join(arrays.values())),
        comment=run.comment(state, split),
        settings=_settings(state, split.y_train.size),
        changes="".join(f"# After update {c.update} {c.setting} became {c.value}.\n" for c in run.felt(state)),
        d=split.X_train.shape[1],
        part=part,
    )


def _settings(state: State, m: int) -> str:
    """MLPClassifier's arguments for a run on m samples, a line each: as at its start, but for the epochs asked for."""
    epochs = {change.setting: change.value for change in state.changes if change.setting == "epochs"}
    config: Config = replace(state.config, **epochs)
    if config.activation not in ACTIVATIONS:
        raise ValueError(f"scikit-learn has no activation {config.activation}")
    return f"""\
    hidden_layer_sizes=({config.hidden_size},),
    activation="{ACTIVATIONS[config.activation]}",
    solver="sgd",
    learning_rate_init={config.learning_rate},
    batch_size={config.batch(m)},
    shuffle={config.batch_mode != "full"},
    max_iter={config.epochs},
    n_iter_no_change={config.epochs},  # never stop early
    tol=0.0,
    momentum=0.0,
    nesterovs_momentum=False,
    alpha=0.0,
    random_state={config.init_seed},
"""
