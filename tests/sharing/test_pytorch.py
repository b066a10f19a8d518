"""The PyTorch script comes to the losses of the run; where there is no PyTorch, it is at least Python."""

import ast

import pytest

from tests.sharing.running import HOSTILE, SEVERAL, agrees, given, made_of, printed, restless, trained
from toynet.activations import ACTIVATIONS
from toynet.sharing.pytorch import MODULES, pytorch_script
from toynet.sharing.script import numpy_script


def source(trainer):
    return pytorch_script(trainer.state(), trainer.split)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("batch_mode", ["full", "mini", "stochastic"])
def test_it_comes_to_the_losses_of_the_run(tmp_path, batch_mode, activation):
    pytest.importorskip("torch")
    trainer = trained(batch_mode=batch_mode, activation=activation)
    assert agrees(printed(source(trainer), tmp_path), trainer)


def test_it_follows_changes_in_mid_run_and_needs_no_test_part(tmp_path):
    pytest.importorskip("torch")
    trainer = restless(test_fraction=0.0)
    assert agrees(printed(source(trainer), tmp_path), trainer)


@pytest.mark.parametrize("name", SEVERAL)
def test_it_trains_whatever_is_set(tmp_path, name):
    pytest.importorskip("torch")
    trainer = trained(batch_mode="mini", **SEVERAL[name])
    assert agrees(printed(source(trainer), tmp_path), trainer)


@pytest.mark.parametrize("name", SEVERAL)
def test_of_whatever_is_set_it_is_python_without_long_lines(name):
    text = source(trained(2, batch_mode="mini", **SEVERAL[name]))
    compile(text, "script.py", "exec")
    assert max(map(len, text.splitlines())) <= 120 and "$" not in text


def test_what_is_set_is_in_it():
    """Where there is no PyTorch to run it: the lines that differ."""
    text = source(trained(1, **SEVERAL["all"]))
    assert "cross_entropy = nn.CrossEntropyLoss()" in text and "nn.Linear(h, k)" in text
    assert '[{"params": [W1, W2], "weight_decay": l2}, {"params": [b1, b2]}]' in text and "momentum=momentum" in text
    sigmoids = source(trained(1, **SEVERAL["sigmoids"]))
    assert 'reduction="sum") / len(Y)' in sigmoids and "np.eye(k)" in sigmoids and "momentum" not in sigmoids


def test_names_that_would_be_code_stay_names():
    hostile, plain = given(HOSTILE, HOSTILE[0]), given(("a", 2, "c"), "one")
    assert ast.dump(ast.parse(source(hostile).encode())) == ast.dump(ast.parse(source(plain)))
    compile(source(hostile), "script.py", "exec")
    assert ast.dump(ast.parse(source(made_of(HOSTILE)).encode())) == ast.dump(
        ast.parse(source(made_of(("a", "b", "c"))))
    )


def test_its_settings_and_data_are_those_of_the_numpy_script():
    """Line by line but for what makes tensors of the arrays."""
    trainer = restless()
    torch, numpy = source(trainer), numpy_script(trainer.state(), trainer.split)
    settings = numpy[numpy.index("# --- the run") : numpy.index("# --- the network")]
    data = numpy[numpy.index("# --- the data") : numpy.index("\n\nmain()")]
    assert settings in torch and data in torch
    assert max(map(len, torch.splitlines())) <= 120


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_has_its_module(activation):
    assert f"{MODULES[activation]}, nn.Linear(h, 1)" in source(trained(1, activation=activation))


def test_an_activation_without_a_module_is_refused(monkeypatch):
    monkeypatch.delitem(MODULES, "tanh")
    with pytest.raises(ValueError, match="no module of PyTorch for the activation tanh"):
        source(trained(1))
