"""A fourth activation is one entry in `ACTIVATIONS`: all else follows from it."""

import dataclasses
import re
import subprocess
import sys

import numpy as np
import pytest

from tests.pages import derivation, numbers, opened, show
from toynet import Config, Trainer, engines, train
from toynet.activations import ACTIVATIONS, Activation, sigma
from toynet.charts.field import plane
from toynet.charts.network import network_chart, network_tables
from toynet.derivation.exercise import HIDEABLE, ask
from toynet.derivation.gradient_check import check
from toynet.derivation.mistakes import MISTAKES
from toynet.derivation.quantities import quantities
from toynet.derivation.worked_example import script
from toynet.ui.derivation.page import SECTIONS

SOFTPLUS = Activation(
    g=lambda Z: np.logaddexp(0.0, Z),
    g_prime=sigma,
    gain=2.0,
    latex=(r"\log(1 + e^{Z_1})", r"\sigma(Z_1)"),
    code=("np.logaddexp(0, Z1)", "sigma(Z1)"),
    span=(-4.0, 4.0),
    colours="grey 0, blue its largest value",
)


@pytest.fixture(autouse=True)
def softplus(monkeypatch):
    """The entry; and Config's field, which read the names when it was made."""
    monkeypatch.setitem(ACTIVATIONS, "softplus", SOFTPLUS)
    field = next(f for f in dataclasses.fields(Config) if f.name == "activation")
    monkeypatch.setattr(field, "metadata", {**field.metadata, "options": tuple(ACTIVATIONS)})


def test_it_trains_in_numpy_as_network_py_does_where_there_are_no_loops_for_it():
    engines.load_from_disk()
    config = Config(activation="softplus", batch_mode="mini", epochs=20)
    mine, reference = train(config), train(config, engine="reference")
    assert mine.engine == "numpy" and not mine.diverged
    for a, b in zip(mine.parameters, reference.parameters, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)
    assert mine.history.train_loss.iloc[-1] < mine.history.train_loss.iloc[0]
    going = Trainer(config)
    going.step()
    engine = going._at
    going.step()
    assert going._at is engine  # and is not made anew because compiled code is ready
    with pytest.raises(ValueError, match="engine compiled cannot train this: softplus"):
        train(config, engine="compiled")


def test_no_run_waits_for_loops_that_there_are_not(monkeypatch):
    monkeypatch.setattr(engines, "WORTH_LOADING", 0.0)
    monkeypatch.setattr(engines, "WORTH_COMPILING", 0.0)
    monkeypatch.setattr(engines, "load_from_disk", lambda task=None: False)  # as before the first compilation
    monkeypatch.setattr(engines, "prepare", lambda: pytest.fail("nothing is to be compiled"))
    assert train(Config(activation="softplus", epochs=2)).engine == "numpy"


def test_it_is_checked_taken_apart_asked_for_and_drawn():
    trainer = train(Config(activation="softplus", hidden_size=4, epochs=20))
    parameters, split = trainer.parameters, trainer.split
    everything = parameters, split.X_train, split.y_train, "softplus"
    assert all(checked.passes for checked in check(*everything).values())
    wrong = check(*everything, MISTAKES["g_prime_of_A1"].backward)
    assert MISTAKES["g_prime_of_A1"].applies(parameters, 300, "softplus") and not wrong["W1"].passes
    assert r"\log(1 + e^{Z_1})" in quantities(*everything, 0.1)["A1"].latex
    printed = subprocess.run(
        [sys.executable, "-c", script(*everything, 0.1)], capture_output=True, text=True, check=True
    )
    assert re.search(r"^dC_dW1 \[\[", printed.stdout, flags=re.MULTILINE)
    for symbol in HIDEABLE:
        assert ask(0, symbol, activation="softplus").hidden.symbol == symbol
    assert network_chart(split.feature_names, 4, "softplus")["layer"]
    tables = network_tables(parameters, "softplus", split, plane(split))
    assert np.isfinite(tables["units"].to_pandas()).all(axis=None)


def test_it_can_be_chosen_in_the_app():
    app = opened(activation="softplus")
    group = next(group for group in app.button_group if "softplus" in group.options)
    assert group.value == "softplus" and float(numbers(app)["Train loss"]) > 0
    assert not app.warning and not app.error


def test_every_section_of_the_derivation_page_draws_it():
    app = derivation(activation="softplus")
    for name in SECTIONS:
        show(app, name)
