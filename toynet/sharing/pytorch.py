"""A run as a PyTorch script, which trains it again with autograd and comes to the same losses."""

from string import Template

from toynet.datasets import Split
from toynet.sharing import run
from toynet.sharing.script import SEEDED, filled
from toynet.state import State

MODULES = {"tanh": "nn.Tanh()", "sigmoid": "nn.Sigmoid()", "relu": "nn.ReLU()"}
"""Activation -> PyTorch's."""

SCRIPT = Template('''\
"""A run of ToyNet that trains again in PyTorch, by itself: it needs torch and NumPy.

One hidden layer, $outputs, cross-entropy: d inputs, h hidden units. It starts from the weights that the run
started from and visits the samples in the same orders, both drawn by NumPy; autograd finds the gradients. The last line
that it prints is JSON: the losses that the run had come to. (Hundreds of thousands of updates on single samples may
amplify the rounding in which this program and the one that trained the run differ.)
"""

${imports}import json

import numpy as np
import torch
from torch import nn

# --- the run ---

$comment

init_seed = $init_seed  # of the initial weights and of the orders of samples
h = $h  # hidden units
${constants}updates = $updates  # steps of descent, in all
settings = {
$settings}
changes = {  # in mid-run: after so many updates, to what
$changes}

# --- the network ---


$initialise


def network(d, rng):
    """The module, in float64; the $of_outputs is in the loss."""
    model = nn.Sequential(nn.Linear(d, h), $module, nn.Linear(h, $k)).double()
    with torch.no_grad():
        for parameter, start in zip(model.parameters(), initialise(d, rng)):
            parameter.copy_(torch.from_numpy(start).reshape(parameter.shape))
    return model


$cross_entropy


def cost(model, X, y):
    with torch.no_grad():
        return cross_entropy(model(X), y).item()


# --- the training ---


def ordered(rng, batch_mode):
    """The training samples of one epoch, in a new order unless an update sees them all."""
    if batch_mode == "full":
        return X_train, y_train
    order = torch.from_numpy(rng.permutation(len(y_train)))
    return X_train[order], y_train[order]


def main():
    seed_of_weights, seed_of_orders = np.random.SeedSequence(init_seed).spawn(2)
    model = network(X_train.shape[1], np.random.default_rng(seed_of_weights))
    rng = np.random.default_rng(seed_of_orders)

    update, now, m = 0, settings | changes.get(0, {}), len(y_train)
    $optimizer
    while update < updates:  # an epoch
        X, y = ordered(rng, now["batch_mode"])
        batch = {"full": m, "mini": now["batch_size"], "stochastic": 1}[now["batch_mode"]]
        for first in range(0, m, batch)[: updates - update]:
            samples = slice(first, first + batch)
            optimizer.zero_grad()
            cross_entropy(model(X[samples]), y[samples]).backward()
            optimizer.step()
            update += 1
            if update in changes:
                now |= changes[update]
                $new_rate
            if update % max(updates // 10, 1) == 0:
                print(f"update {update}: train loss {cost(model, X_train, y_train):.6f}", flush=True)

    train_loss = cost(model, X_train, y_train)
    test_loss = cost(model, X_test, y_test) if len(y_test) else None
    print(json.dumps({"train_loss": train_loss, "test_loss": test_loss}))


# --- the data: a sample a row, its inputs and its class ---

$data
${targets}X_train, y_train, X_test, y_test = map(torch.from_numpy, (X_train, y_train$column, X_test, y_test$column))
$start
main()
''')


SUMMED = '''\
def cross_entropy(Z2, Y):
    """The sum over outputs, the mean over samples."""
    return nn.functional.binary_cross_entropy_with_logits(Z2, Y, reduction="sum") / len(Y)'''

PENALISED = """\
W1, b1, W2, b2 = model.parameters()
    groups = [{"params": [W1, W2], "weight_decay": l2}, {"params": [b1, b2]}]  # biases are free
    optimizer = torch.optim.SGD(groups, lr=now["learning_rate"]$more)"""

NEW_RATE = """\
for group in optimizer.param_groups:
                    group["lr"] = now["learning_rate"]"""


def pytorch_script(state: State, split: Split) -> str:
    """A PyTorch script that trains the run again, up to the update at which it stands.

    Parameters
    ----------
    state : State
    split : Split
        The run's data.

    Returns
    -------
    str
        Source text; what it prints is what `numpy_script` prints, to rounding.

    Raises
    ------
    ValueError
        As `run.start`, and for an activation that is not among `MODULES`.
    """
    activation = state.config.activation
    if activation not in MODULES:
        raise ValueError(f"there is no module of PyTorch for the activation {activation}")
    form = run.Form.of(state, split)
    return filled(
        SCRIPT, SEEDED, state, split, module=MODULES[activation], **_of_outputs(form), **_of_optimizer(form)
    )  # fmt: skip


def _of_outputs(form: run.Form) -> dict[str, str]:
    """Lines that say what the loss is, and what it is handed as y."""
    is_one, targets = form.k == 1, ""
    if form.is_softmax:
        loss = "cross_entropy = nn.CrossEntropyLoss()"
        targets = "y_train, y_test = y_train.astype(int), y_test.astype(int)\n"
    elif not is_one:
        loss = SUMMED
        targets = "y_train, y_test = (np.eye(k)[y.astype(int)] for y in (y_train, y_test))  # one-hot\n"
    else:
        loss = "cross_entropy = nn.BCEWithLogitsLoss()"
    of_outputs = f"{'softmax' if form.is_softmax else 'sigmoid'} of its output{'' if is_one else 's'}"
    column = "[:, None]" if is_one else ""
    return {"cross_entropy": loss, "of_outputs": of_outputs, "targets": targets, "column": column}


def _of_optimizer(form: run.Form) -> dict[str, str]:
    """Lines that say what is made of a gradient. PyTorch's momentum is v <- mu v + g, theta <- theta - eta v."""
    more = ", momentum=momentum" if form.momentum else ""
    plain = f'optimizer = torch.optim.SGD(model.parameters(), lr=now["learning_rate"]{more})'
    return {
        "optimizer": PENALISED.replace("$more", more) if form.l2 else plain,
        "new_rate": NEW_RATE if form.l2 else 'optimizer.param_groups[0]["lr"] = now["learning_rate"]',
    }
