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
from sklearn.preprocessing import $transformers

$comment

# The run's settings: sklearn.base.clone(classifier).fit(X, y) trains such a network anew,
# from weights and in orders that scikit-learn draws.
${remarks}network = MLPClassifier(
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
network.n_layers_, network.n_outputs_, network.out_activation_ = 3, $k, "$output"
network.classes_ = $classes
network._label_binarizer = LabelBinarizer().fit(network.classes_)  # private: predict looks the classes up in it

scaler = StandardScaler()
scaler.mean_, scaler.scale_ = $units
scaler.var_ = scaler.scale_**2
scaler.n_features_in_ = $columns
$further
classifier = make_pipeline(scaler, ${steps}network)

# The $part samples, in their own units: the inputs and, last, the class.
samples = $samples
X, y = samples[:, :-1], samples[:, -1].astype(int)
$first
print("$part accuracy:", classifier.score(X, y))
''')

TERMS = Template("""

# The network's inputs are made of columns that are standardised by then, x1 and x2 of the first two; so are they then.
$made


standardised = StandardScaler()
standardised.mean_, standardised.scale_ = $units
standardised.var_ = standardised.scale_**2
standardised.n_features_in_ = $d
""")

OF_SIGMOIDS = """\
# Each output is a yes or no of its own, so rows of predict_proba need not sum to 1. Of several classes MLPClassifier
# trains softmax alone: to train such outputs fit the clone to a label for each class, fit(X, np.eye({k})[y]).
"""

OF_ALPHA = """\
# scikit-learn divides its penalty by the samples of the batch, so alpha is lambda, {l2!r}, times {batch} of them.
"""


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
        Source text that defines `classifier`: `predict_proba(X)[:, 1]` is the network's y_hat, of several outputs
        `predict_proba(X).T`. X has the inputs' columns; of terms such as x1^2 those that they are made of, the two
        that are drawn first. Its last line printed is the accuracy.

    Raises
    ------
    ValueError
        For an activation that scikit-learn does not have.
    """
    part, y = ("test", split.y_test) if split.y_test.size else ("train", split.y_train)
    form, d = run.Form.of(state, split), split.X_train.shape[1]
    arrays = {name: literals.array(values) for name, values in state.progress.parameters._asdict().items()}
    X, mean, scale = _columns(split, part)
    arrays["units"] = literals.array(np.stack([mean, scale]))
    arrays["samples"] = literals.array(np.column_stack([X * scale + mean, y]))
    return CODE.substitute(
        arrays,
        imports=literals.imports("".join(arrays.values())),
        comment=run.comment(state, split),
        settings=_settings(state, split.y_train.size),
        changes="".join(f"# After update {c.update} {c.setting} became {c.value}.\n" for c in run.felt(state)),
        d=d,
        columns=len(mean),
        part=part,
        remarks=_remarks(form, state.config.batch(split.y_train.size)),
        **_of_outputs(form),
        **_of_inputs(split),
    )


def _columns(split: Split, part: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The samples of a part as they are handed to the classifier, standardised; their mean and scale."""
    if split.drawn:
        train, test = run.columns(split, split.drawn)
        return (test if part == "test" else train), *run.units(split, split.drawn)
    return (split.X_test if part == "test" else split.X_train), split.mean, split.scale


def _remarks(form: run.Form, batch: int) -> str:
    """Where scikit-learn trains otherwise, as lines of comment."""
    of_sigmoids = form.k > 1 and not form.is_softmax
    return (OF_SIGMOIDS.format(k=form.k) if of_sigmoids else "") + (
        OF_ALPHA.format(l2=form.l2, batch=batch) if form.l2 else ""
    )


def _of_outputs(form: run.Form) -> dict[str, str]:
    """Lines that say what the outputs are."""
    if form.k == 1:
        which, value = "probability of class 1", "classifier.predict_proba(X[:1])[0, 1]"
    else:
        which, value = "probabilities of the classes", "classifier.predict_proba(X[:1])[0]"
    return {
        "k": f"{form.k}",
        "output": "softmax" if form.is_softmax else "logistic",
        "classes": "np.array([0, 1])" if form.k == 1 else f"np.arange({form.k})",
        "first": f'print("{which}, of the first sample:", {value})',
    }


def _of_inputs(split: Split) -> dict[str, str]:
    """Lines that make further inputs, and the steps of the pipeline that do."""
    if not split.drawn:
        return {"transformers": "LabelBinarizer, StandardScaler", "further": "", "steps": ""}
    units = literals.array(np.stack(run.units_of_inputs(split, split.drawn)))
    further = TERMS.substitute(made=run.made(split, split.drawn), units=units, d=split.X_train.shape[1])
    return {
        "transformers": "FunctionTransformer, LabelBinarizer, StandardScaler",
        "further": further,
        "steps": "FunctionTransformer(made), standardised, ",
    }


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
    momentum={config.momentum},
    nesterovs_momentum=False,
    alpha={config.l2 * config.batch(m)},
    random_state={config.init_seed},
"""
