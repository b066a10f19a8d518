"""A run as a script of NumPy alone, which trains it again and comes to the same losses."""

from string import Template

from toynet.activations import ACTIVATIONS
from toynet.datasets import Split
from toynet.sharing import literals, run
from toynet.state import State

SCRIPT = Template('''\
"""A run of ToyNet that trains again, by itself: all it needs is NumPy.

One hidden layer, $outputs, cross-entropy: d inputs, h hidden units, m samples. It starts from the weights that
the run started from, visits the samples in the same orders and makes as many updates. The last line that it prints is
JSON: the losses that the run had come to. (Hundreds of thousands of updates on single samples may amplify the rounding
in which this program and the one that trained the run differ.)
"""

${imports}import json

import numpy as np

# --- the run ---

$comment

init_seed = $init_seed  # of the initial weights and of the orders of samples
h = $h  # hidden units
${constants}updates = $updates  # steps of descent, in all
settings = {
$settings}
changes = {  # in mid-run: after so many updates, to what
$changes}

# --- the network: $activation, then $output ---


$functions


$initialise


def forward(W1, b1, W2, b2, X):
    A0 = X.T  # (d, m): from here on samples are columns
    Z1 = W1 @ A0 + b1  # (h, m)
    A1 = $g  # (h, m)
    Z2 = W2 @ A1 + b2  # ($k, m)
    return A0, Z1, A1, Z2


def cost(parameters, X, y):
    """C, the mean cross-entropy, computed from Z2 so that no logarithm of 0 is taken."""
    A0, Z1, A1, Z2 = forward(*parameters, X)
    $C
    return float(C)


def updated(W1, b1, W2, b2, ${v}X, y, eta):
    """One step of descent on these samples."""
    A0, Z1, A1, Z2 = forward(W1, b1, W2, b2, X)
    $y_hat

    $dC_dZ2
    dC_dW2 = dC_dZ2 @ A1.T
    dC_db2 = dC_dZ2.sum(axis=1, keepdims=True)
    g_prime_Z1 = $g_prime  # the slope of g, at Z1
    dC_dZ1 = (W2.T @ dC_dZ2) * g_prime_Z1
    dC_dW1 = dC_dZ1 @ A0.T
    dC_db1 = dC_dZ1.sum(axis=1, keepdims=True)

    $step


# --- the training ---


def ordered(rng, batch_mode):
    """The training samples of one epoch, in a new order unless an update sees them all."""
    if batch_mode == "full":
        return X_train, y_train
    order = rng.permutation(y_train.size)
    return X_train[order], y_train[order]


def main():
    seed_of_weights, seed_of_orders = np.random.SeedSequence(init_seed).spawn(2)
    parameters = initialise(X_train.shape[1], np.random.default_rng(seed_of_weights))
    rng = np.random.default_rng(seed_of_orders)
$v_before
    update, now, m = 0, settings | changes.get(0, {}), y_train.size
    while update < updates:  # an epoch
        X, y = ordered(rng, now["batch_mode"])
        batch = {"full": m, "mini": now["batch_size"], "stochastic": 1}[now["batch_mode"]]
        for first in range(0, m, batch)[: updates - update]:
            samples = slice(first, first + batch)
            parameters$and_v = updated(*parameters, ${v}X[samples], y[samples], now["learning_rate"])
            update += 1
            if update in changes:
                now |= changes[update]
            if update % max(updates // 10, 1) == 0:
                print(f"update {update}: train loss {cost(parameters, X_train, y_train):.6f}", flush=True)

    train_loss = cost(parameters, X_train, y_train)
    test_loss = cost(parameters, X_test, y_test) if y_test.size else None
    print(json.dumps({"train_loss": train_loss, "test_loss": test_loss}))


# --- the data: a sample a row, its inputs and its class ---

$data
$start
main()
''')

SEEDED = Template('''\
def initialise(d, rng):
    """Weights with which no unit starts saturated; biases 0."""
    W1 = rng.normal(0.0, $gain / np.sqrt(d), (h, d))
    W2 = rng.normal(0.0, 1.0 / np.sqrt(h), ($k, h))
    return W1, np.zeros((h, 1)), W2, np.zeros(($k, 1))''')

GIVEN = '''\
def initialise(d, rng):
    """The run started from parameters given by hand, not from drawn ones: see below the data."""
    return W1_start, b1_start, W2_start, b2_start'''


SIGMA = """\
def sigma(Z):
    e = np.exp(-np.abs(Z))  # never overflows
    return np.where(Z >= 0, 1.0, e) / (1.0 + e)"""

SOFTMAX = """\
def softmax(Z):
    e = np.exp(Z - Z.max(axis=0))  # only differences count: never overflows
    return e / e.sum(axis=0)"""

ONE_HOT = '''\
def one_hot(y):
    """Y (k, m): a row for each class, 1 where a sample is of it."""
    return (y == np.arange(k)[:, None]).astype(float)'''

COSTS = {
    "one": "C = np.mean(np.maximum(Z2, 0) - y * Z2 + np.log1p(np.exp(-np.abs(Z2))))",
    "sigmoid": """\
Y = one_hot(y)
    C = np.mean((np.maximum(Z2, 0) - Y * Z2 + np.log1p(np.exp(-np.abs(Z2)))).sum(axis=0))""",
    "softmax": """\
Y, top = one_hot(y), Z2.max(axis=0)
    C = np.mean((Y * (top - Z2)).sum(axis=0) + np.log(np.exp(Z2 - top).sum(axis=0)))""",
}
"""C of a single output, and of several: the sum over them."""

PENALISED = """\
dC_dW1, dC_dW2 = dC_dW1 + l2 * W1, dC_dW2 + l2 * W2  # the penalty's gradient: biases are free
    """

PLAIN_STEP = "return W1 - eta * dC_dW1, b1 - eta * dC_db1, W2 - eta * dC_dW2, b2 - eta * dC_db2"

MOMENTUM_STEP = """\
gradients = dC_dW1, dC_db1, dC_dW2, dC_db2
    v = gradients if v is None else tuple(momentum * before + g for before, g in zip(v, gradients))
    return tuple(p - eta * step for p, step in zip((W1, b1, W2, b2), v)), v"""


def numpy_script(state: State, split: Split) -> str:
    """A Python script of NumPy alone that trains the run again, up to the update at which it stands.

    Parameters
    ----------
    state : State
    split : Split
        The run's data.

    Returns
    -------
    str
        Source text. Its last line printed is JSON, `train_loss` and `test_loss` (null without a test part): those of
        the run, to rounding, which hundreds of thousands of single-sample updates may amplify. It computes as the
        reference engine does.

    Raises
    ------
    ValueError
        As `run.start`.
    """
    form = run.Form.of(state, split)
    return filled(SCRIPT, SEEDED, state, split, **_of_network(form, state.config.activation), **_of_updates(form))


def _of_network(form: run.Form, activation: str) -> dict[str, str]:
    """Lines that say what makes probabilities of Z2, and what they cost."""
    name, is_one = "softmax" if form.is_softmax else "sigma", form.k == 1
    needs = [SIGMA] if name == "sigma" or "sigma(" in "".join(ACTIVATIONS[activation].code) else []
    needs += [SOFTMAX] if form.is_softmax else []
    word = "softmax" if form.is_softmax else "a sigmoid"
    return {
        "output": word if is_one or form.is_softmax else f"{word} for each class",
        "functions": "\n\n\n".join([*needs, *([] if is_one else [ONE_HOT])]),
        "C": COSTS["one" if is_one else "softmax" if form.is_softmax else "sigmoid"],
        "y_hat": "y_hat, m = sigma(Z2), y.size" if is_one else f"y_hat, Y, m = {name}(Z2), one_hot(y), y.size",
        "dC_dZ2": f"dC_dZ2 = (y_hat - {'y' if is_one else 'Y'}) / m  # {name}' has cancelled; the mean's 1/m is in it",
    }


def _of_updates(form: run.Form) -> dict[str, str]:
    """Lines that say what is made of a gradient."""
    has_v = bool(form.momentum)
    return {
        "step": (PENALISED if form.l2 else "") + (MOMENTUM_STEP if has_v else PLAIN_STEP),
        "v": "v, " if has_v else "",
        "and_v": ", v" if has_v else "",
        "v_before": "    v = None  # there was no step before the first\n" if has_v else "",
    }


def filled(script: Template, seeded: Template, state: State, split: Split, **more: str) -> str:
    """A script's text with the numbers of a run in it; `seeded` draws the initial parameters."""
    config, form = state.config, run.Form.of(state, split)
    activation = ACTIVATIONS[config.activation]
    given = run.start(state, split)
    arrays = {} if given is None else given._asdict()
    ends = {
        "data": run.data(split),
        "start": "".join(f"{name}_start = {literals.array(values)}\n" for name, values in arrays.items()),
    }
    return script.substitute(
        ends,
        imports=literals.imports("".join(ends.values())),
        comment=run.comment(state, split),
        init_seed=config.init_seed,
        h=config.hidden_size,
        k=form.rows,
        outputs=form.outputs,
        constants=form.constants(),
        updates=state.progress.update,
        settings=run.settings(state),
        changes=run.changes(state),
        activation=config.activation,
        initialise=seeded.substitute(gain=float(activation.gain), k=form.rows) if given is None else GIVEN,
        g=activation.code[0],
        g_prime=activation.code[1],
        **more,
    )
