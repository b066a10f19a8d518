"""A run as a script of NumPy alone, which trains it again and comes to the same losses."""

from string import Template

from toynet.activations import ACTIVATIONS
from toynet.datasets import Split
from toynet.sharing import literals, run
from toynet.state import State

SCRIPT = Template('''\
"""A run of ToyNet that trains again, by itself: all it needs is NumPy.

One hidden layer, a sigmoid output, cross-entropy: d inputs, h hidden units, m samples. It starts from the weights that
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
updates = $updates  # steps of descent, in all
settings = {
$settings}
changes = {  # in mid-run: after so many updates, to what
$changes}

# --- the network: $activation, then a sigmoid ---


def sigma(Z):
    e = np.exp(-np.abs(Z))  # never overflows
    return np.where(Z >= 0, 1.0, e) / (1.0 + e)


$initialise


def forward(W1, b1, W2, b2, X):
    A0 = X.T  # (d, m): from here on samples are columns
    Z1 = W1 @ A0 + b1  # (h, m)
    A1 = $g  # (h, m)
    Z2 = W2 @ A1 + b2  # (1, m)
    return A0, Z1, A1, Z2


def cost(parameters, X, y):
    """C, the mean cross-entropy, computed from Z2 so that no logarithm of 0 is taken."""
    A0, Z1, A1, Z2 = forward(*parameters, X)
    C = np.mean(np.maximum(Z2, 0) - y * Z2 + np.log1p(np.exp(-np.abs(Z2))))
    return float(C)


def updated(W1, b1, W2, b2, X, y, eta):
    """One step of descent on these samples."""
    A0, Z1, A1, Z2 = forward(W1, b1, W2, b2, X)
    y_hat, m = sigma(Z2), y.size

    dC_dZ2 = (y_hat - y) / m  # sigma' has cancelled; the mean's 1/m is in it
    dC_dW2 = dC_dZ2 @ A1.T
    dC_db2 = dC_dZ2.sum(axis=1, keepdims=True)
    g_prime_Z1 = $g_prime  # the slope of g, at Z1
    dC_dZ1 = (W2.T @ dC_dZ2) * g_prime_Z1
    dC_dW1 = dC_dZ1 @ A0.T
    dC_db1 = dC_dZ1.sum(axis=1, keepdims=True)

    return W1 - eta * dC_dW1, b1 - eta * dC_db1, W2 - eta * dC_dW2, b2 - eta * dC_db2


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

    update, now, m = 0, settings | changes.get(0, {}), y_train.size
    while update < updates:  # an epoch
        X, y = ordered(rng, now["batch_mode"])
        batch = {"full": m, "mini": now["batch_size"], "stochastic": 1}[now["batch_mode"]]
        for first in range(0, m, batch)[: updates - update]:
            samples = slice(first, first + batch)
            parameters = updated(*parameters, X[samples], y[samples], now["learning_rate"])
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
    W2 = rng.normal(0.0, 1.0 / np.sqrt(h), (1, h))
    return W1, np.zeros((h, 1)), W2, np.zeros((1, 1))''')

GIVEN = '''\
def initialise(d, rng):
    """The run started from parameters given by hand, not from drawn ones: see below the data."""
    return W1_start, b1_start, W2_start, b2_start'''


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
    return filled(SCRIPT, SEEDED, state, split)


def filled(script: Template, seeded: Template, state: State, split: Split, **more: str) -> str:
    """A script's text with the numbers of a run in it; `seeded` draws the initial parameters."""
    config = state.config
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
        updates=state.progress.update,
        settings=run.settings(state),
        changes=run.changes(state),
        activation=config.activation,
        initialise=seeded.substitute(gain=float(activation.gain)) if given is None else GIVEN,
        g=activation.code[0],
        g_prime=activation.code[1],
        **more,
    )
