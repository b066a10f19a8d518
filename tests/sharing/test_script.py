"""The script of NumPy alone, run where there is no ToyNet, comes to the losses of the run."""

import ast
import dataclasses
import io
import json
import tokenize

import numpy as np
import pytest

from tests.problems import problem
from tests.sharing.running import HOSTILE, SEVERAL, agrees, given, made_of, printed, restless, small, trained
from toynet import Trainer
from toynet.activations import ACTIVATIONS
from toynet.derivation.mistakes import MISTAKES
from toynet.network import initialise
from toynet.sharing import literals
from toynet.sharing.script import numpy_script


def source(trainer):
    return numpy_script(trainer.state(), trainer.split)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("batch_mode", ["full", "mini", "stochastic"])
def test_it_comes_to_the_losses_of_the_run(tmp_path, batch_mode, activation):
    trainer = trained(batch_mode=batch_mode, activation=activation, init_seed=3)
    assert agrees(printed(source(trainer), tmp_path), trainer)


@pytest.mark.parametrize("updates", [0, 1, 23])
def test_it_stops_where_the_run_stands(tmp_path, updates):
    trainer = trained(updates, batch_mode="stochastic")
    assert agrees(printed(source(trainer), tmp_path), trainer)


def test_it_follows_changes_in_mid_run(tmp_path):
    trainer = restless()
    assert agrees(printed(source(trainer), tmp_path), trainer)
    assert agrees(printed(source(Trainer.resume(trainer.state())), tmp_path), trainer)


def test_it_ends_with_the_last_finite_update_of_a_run_that_diverged(tmp_path):
    trainer = trained(activation="relu", learning_rate=1e6, epochs=200)
    assert trainer.diverged and trainer.update < 200
    assert agrees(printed(source(trainer), tmp_path), trainer)


def test_it_carries_the_data_of_a_file(tmp_path):
    trainer = trained(dataset="csv", data_file="penguins.csv", target="sex", epochs=20)
    assert "bill" in source(trainer)
    assert agrees(printed(source(trainer), tmp_path), trainer)


def test_without_a_test_part_its_test_loss_is_null(tmp_path):
    lines = printed(source(trained(test_fraction=0.0)), tmp_path)
    assert lines[-1].endswith('"test_loss": null}')
    assert agrees(lines, trained(test_fraction=0.0))


def test_much_data_is_packed_and_the_same(tmp_path, monkeypatch):
    trainer = trained(batch_mode="mini")
    plain = printed(source(trainer), tmp_path)
    monkeypatch.setattr(literals, "PACKED", 60)
    assert "b64decode" in source(trainer)
    assert printed(source(trainer), tmp_path) == plain


def test_it_tells_of_its_progress_about_ten_times(tmp_path):
    trainer = trained(epochs=104)
    assert 10 <= len(printed(source(trainer), tmp_path)) - 1 <= 12


def test_it_needs_numpy_alone_and_has_no_long_lines():
    lines = source(restless()).splitlines()
    assert [line for line in lines if line.startswith(("import", "from"))] == ["import json", "import numpy as np"]
    assert max(map(len, lines)) <= 120


# --- several outputs, L2, momentum, further inputs -----------------------------------


@pytest.mark.parametrize("batch_mode", ["full", "mini"])
@pytest.mark.parametrize("name", SEVERAL)
def test_it_trains_whatever_is_set_and_comes_to_the_same_to_1e_12(tmp_path, name, batch_mode):
    trainer = Trainer(small(batch_mode=batch_mode, **SEVERAL[name]), engine="reference")
    trainer.run(epochs=3)
    trainer.learning_rate = 0.2
    trainer.run()
    losses, present = json.loads(printed(source(trainer), tmp_path)[-1]), trainer.present()
    for which, loss in losses.items():
        assert loss == pytest.approx(present[which], rel=1e-12, abs=1e-12)
    assert max(map(len, source(trainer).splitlines())) <= 120


def test_of_a_single_output_softmax_is_the_sigmoid_and_the_script_the_same():
    one, other = trained(output="softmax"), trained(output="sigmoid")
    assert [line for line in source(one).splitlines() if line[:6] != "# Run "] == [
        line for line in source(other).splitlines() if line[:6] != "# Run "
    ]


def test_what_is_off_is_not_in_it():
    lines = source(trained())
    for word in ("softmax", "one_hot", "l2", "momentum", "v = ", "k = ", "def inputs"):
        assert word not in lines


# --- the start -----------------------------------------------------------------------


def given_a_start(**changes):
    """A run from parameters that no seed draws."""
    return Trainer(small(**changes), parameters=problem(h=5)[0])


@pytest.mark.parametrize("epochs", [0, 3])
def test_parameters_given_by_hand_are_written_into_it(tmp_path, epochs):
    trainer = given_a_start(batch_mode="mini")
    trainer.run(epochs=epochs)
    assert "W1_start = " in source(trainer)
    assert agrees(printed(source(trainer), tmp_path), trainer)


def test_of_several_outputs_too(tmp_path):
    config, start = small(**SEVERAL["all"]), initialise(2, 4, np.random.default_rng(5), "relu", 3)
    trainer = Trainer(config, parameters=start)
    trainer.run(epochs=2)
    assert "W1_start = " in source(trainer)
    assert agrees(printed(source(trainer), tmp_path), trainer)
    assert "W1_start" not in without_snapshots(trained(**SEVERAL["all"]))


def without_snapshots(trainer, **changes):
    return numpy_script(dataclasses.replace(trainer.state(), snapshots=(), **changes), trainer.split)


def test_parameters_that_the_seed_draws_are_not(tmp_path):
    trainer = trained(batch_mode="mini", test_fraction=0.0)
    assert "W1_start" not in source(trainer)
    assert without_snapshots(trainer) == source(trainer)


def test_a_start_that_nobody_knows_is_refused():
    trainer = given_a_start()
    assert "W1_start = " in without_snapshots(trainer)
    trainer.run()
    with pytest.raises(ValueError, match="given by hand and are no longer known"):
        without_snapshots(trainer)
    trainer = trained()
    with pytest.raises(ValueError, match="no longer known"):
        without_snapshots(trainer, history=trainer.state(since=2).history)


def test_another_rule_than_the_derived_one_is_refused():
    trainer = Trainer(small(), rule=MISTAKES["no_g_prime"].backward)
    trainer.run()
    with pytest.raises(ValueError, match="not trained with the derived gradient"):
        source(trainer)


# --- what people typed ---------------------------------------------------------------


def test_names_that_would_be_code_stay_names(tmp_path):
    """To Python the script is the same whatever things are called, and its encoding is its own."""
    hostile, plain = given(HOSTILE, HOSTILE[0]), given(("a", 2, "c"), "one")
    text = source(hostile)
    assert ast.dump(ast.parse(text.encode())) == ast.dump(ast.parse(source(plain)))
    assert tokenize.detect_encoding(io.BytesIO(text.encode()).readline)[0] == "utf-8"
    assert agrees(printed(text, tmp_path), hostile)
    assert np.isfinite(hostile.present()["train_loss"])


def test_names_of_inputs_that_are_made_and_of_many_classes_stay_names(tmp_path):
    hostile, plain = made_of(HOSTILE), made_of(("a", "b", "c"))
    text = source(hostile)
    assert ast.dump(ast.parse(text.encode())) == ast.dump(ast.parse(source(plain)))
    assert agrees(printed(text, tmp_path), hostile)
