"""Compiled code for several outputs, L2 and momentum makes the reference's updates, in every combination of them."""

from itertools import product

import numpy as np
import pytest

from toynet import engines
from toynet.activations import ACTIVATIONS, OUTPUTS
from toynet.datasets import Split
from toynet.engines.compiled import CompiledEngine
from toynet.engines.engine import GENERAL, PLAIN
from toynet.engines.reference import ReferenceEngine
from toynet.network import Parameters, initialise

BATCHES = (0, 16, 5, 1)
"""Samples an update, 0 for all: each is a shape of its own in the loops, and leaves a smaller last batch."""


def scattered(k, d, m, m_test, seed=0):
    """Random points of k outputs' classes."""
    rng, classes = np.random.default_rng(seed), max(k, 2)
    X, y = rng.normal(size=(m + m_test, d)), rng.integers(0, classes, m + m_test).astype(float)
    names = tuple(f"x{i}" for i in range(d)), tuple(f"class {c}" for c in range(classes))
    return Split(X[:m], y[:m], X[m:], y[m:], np.zeros(d), np.ones(d), *names)


def work(split, batch=0, h=7, activation="tanh", **added):
    """A task, and where a run begins."""
    d, rng = split.X_train.shape[1], np.random.default_rng(h)
    task = engines.Task(split, activation, batch or len(split.y_train), batch > 0, **added)
    return task, engines.Progress(initialise(d, h, rng, activation, split.outputs), engines.order_state(rng))


def both(*begun):
    return CompiledEngine(*begun), ReferenceEngine(*begun)


def assert_close(mine, theirs, case, tolerance=1e-12):
    """Parameters agree relative to the largest of them."""
    scale = max(np.abs(b).max() for b in theirs)
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * scale, err_msg=str(case))


def assert_same(mine, theirs):
    """Bit for bit, None where the other is."""
    assert (mine is None) == (theirs is None)
    for a, b in zip(mine or (), theirs or (), strict=True):
        np.testing.assert_array_equal(a, b)


def assert_agree(mine, theirs, case):
    """Everything that can be seen of two engines, after the same updates."""
    a, b = mine.state(), theirs.state()
    assert (a.epoch, a.update, a.position, a.order) == (b.epoch, b.update, b.position, b.order), case
    assert_close(a.parameters, b.parameters, case)
    assert (a.velocity is None) == (b.velocity is None), case
    if a.velocity:
        assert_close(a.velocity, b.velocity, case)
    rows, theirs_rows = mine.take_rows(), theirs.take_rows()
    for name in theirs_rows:
        np.testing.assert_allclose(rows[name], theirs_rows[name], rtol=1e-10, atol=1e-13, err_msg=f"{name} {case}")


# --- the same updates ------------------------------------------------------------------


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("k", [1, 3, 6, 10])
def test_every_combination_agrees_with_the_reference(k, output):
    added = list(product((0.0, 0.3), (0.0, 0.9)))
    for d, activation, batch, (l2, momentum) in product((2, 5), ACTIVATIONS, BATCHES, added):
        begun = work(scattered(k, d, 19, 6), batch, activation=activation, output=output, l2=l2, momentum=momentum)
        mine, theirs = both(*begun)
        assert begun[0].loops == (GENERAL if k > 1 or l2 or momentum else PLAIN)
        assert mine.advance(11, 0.1) and theirs.advance(11, 0.1)
        assert_agree(mine, theirs, (d, activation, batch, l2, momentum))


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(("k", "output"), [(1, "sigmoid"), (3, "sigmoid"), (3, "softmax")])
def test_hundreds_of_updates_agree_with_the_reference(k, output, batch):
    mine, theirs = both(*work(scattered(k, 2, 43, 11), batch, 13, output=output, l2=0.01, momentum=0.9))
    for _ in range(4):  # on and on: each part begins where the last has ended
        assert mine.advance(101, 0.01) and theirs.advance(101, 0.01)
        assert_agree(mine, theirs, batch)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("batch", [0, 300, 3, 1])
def test_many_inputs_units_and_samples_agree_with_the_reference(output, batch):
    """More than fit a vector, a block, or what is kept of a data set between two passes; an odd number of inputs."""
    split = scattered(10, 65, 2100, 300)
    mine, theirs = both(*work(split, batch, 37, output=output, l2=0.01, momentum=0.5))
    assert mine.advance(15, 0.1) and theirs.advance(15, 0.1)
    assert_agree(mine, theirs, batch)
    if batch == 0:
        assert mine.epoch == 15


@pytest.mark.parametrize("m", [19, 70])
def test_every_number_of_inputs_agrees_with_the_reference(m):
    """Inputs are taken in pairs, samples in vectors."""
    for d, batch in product(range(1, 15), (0, 16)):
        mine, theirs = both(*work(scattered(4, d, m, 5), batch, 9, output="softmax", l2=0.01, momentum=0.5))
        assert mine.advance(5, 0.1) and theirs.advance(5, 0.1)
        assert_agree(mine, theirs, (d, batch))


def test_one_input_and_one_unit_and_a_test_part_that_is_empty():
    for k, batch in product((1, 3, 7), BATCHES):
        mine, theirs = both(*work(scattered(k, 1, 9, 0), batch, 1, output="softmax", l2=0.1))
        assert mine.advance(20, 0.3) and theirs.advance(20, 0.3)
        assert_agree(mine, theirs, (k, batch))


def test_what_is_added_is_what_is_off_where_it_is_nought():
    """The loops of their own make of l2 = momentum = 0 what those for it make: here by a penalty too small to tell."""
    split = scattered(1, 3, 50, 10)
    for batch in BATCHES:
        plain, general = (CompiledEngine(*work(split, batch, l2=l2)) for l2 in (0.0, 1e-30))
        for engine in (plain, general):
            engine.advance(40, 0.1)
        assert_close(general.parameters, plain.parameters, batch)


# --- put down and taken up -------------------------------------------------------------


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("batch", BATCHES)
def test_a_run_put_down_in_mid_epoch_goes_on_bit_for_bit(batch, momentum):
    begun = work(scattered(3, 2, 43, 11), batch, output="softmax", l2=0.01, momentum=momentum)
    whole, cut, rows = CompiledEngine(*begun), CompiledEngine(*begun), []
    assert cut.state().velocity is None  # before the first update there is none
    assert whole.advance(60, 0.1)
    for updates in (1, 2, 17, 40):
        assert cut.advance(updates, 0.1)
        rows.append(cut.take_rows())
        cut = CompiledEngine(begun[0], cut.state())
    assert_same(cut.parameters, whole.parameters)
    assert_same(cut.state().velocity, whole.state().velocity)
    assert (whole.state().velocity is None) == (momentum == 0)
    assert cut.state().order == whole.state().order
    for name, column in whole.take_rows().items():
        np.testing.assert_array_equal(np.concatenate([part[name] for part in rows]), column, err_msg=name)


def test_a_run_goes_from_numpy_to_compiled_code_with_its_velocity():
    task, start = work(scattered(3, 2, 43, 11), 16, momentum=0.9)
    other, reference = engines.choose("numpy", task)(task, start), ReferenceEngine(task, start)
    assert other.advance(10, 0.1) and reference.advance(25, 0.1)
    mine = CompiledEngine(task, other.state())
    assert mine.advance(15, 0.1)
    assert_close(mine.parameters, reference.parameters, "went over")


# --- what is measured ------------------------------------------------------------------


@pytest.mark.parametrize("output", OUTPUTS)
def test_of_equal_outputs_the_first_is_predicted(output):
    split = scattered(4, 2, 300, 50)
    task, start = work(split, output=output)
    tied = start.parameters._replace(W2=np.zeros((4, 7)), b2=np.array([[-1.0], [2.0], [1.0], [2.0]]))
    mine, theirs = both(task, start._replace(parameters=tied))
    assert mine.advance(1, 0.0) and theirs.advance(1, 0.0)
    assert_agree(mine, theirs, "tied")
    mine.advance(1, 0.0)
    assert mine.take_rows()["train_accuracy"] == np.mean(split.y_train == 1)


def test_losses_are_without_the_penalty():
    split = scattered(3, 2, 40, 10)
    rows = []
    for l2 in (0.0, 5.0):
        engine = CompiledEngine(*work(split, l2=l2))
        engine.advance(1, 0.0)
        rows.append(engine.take_rows())
    assert rows[0] == rows[1]


@pytest.mark.parametrize("output", OUTPUTS)
def test_huge_sums_swallow_no_ordinary_cost(output):
    """A third of the Z2 are huge, of the right class, and cost nothing; the others' costs are ordinary."""
    split = scattered(3, 2, 300, 0)
    X, y = np.zeros((300, 2)), np.arange(300) % 3.0
    X[::3, 0] = 1e70
    task, start = work(split._replace(X_train=X, y_train=y), h=3, activation="relu", output=output)
    W2 = np.repeat([[1.0], [-1.0], [-1.0]], 3, axis=1)
    huge = start.parameters._replace(W1=np.ones((3, 2)), W2=W2, b2=np.array([[0.5], [0.0], [0.3]]))
    mine, theirs = both(task, start._replace(parameters=huge))
    assert mine.advance(1, 0.0) and theirs.advance(1, 0.0)
    rows = mine.take_rows()
    assert 0.3 < rows["train_loss"] < 3
    assert rows["train_loss"] == pytest.approx(theirs.take_rows()["train_loss"], rel=1e-12)


# --- where numbers end -----------------------------------------------------------------


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("output", OUTPUTS)
def test_a_refused_update_changes_nothing(output, batch):
    """It is found at the reference's update, and leaves parameters and velocity before it."""
    begun = work(scattered(3, 2, 43, 11), batch, activation="relu", output=output, l2=3.0, momentum=0.5)
    mine, theirs = both(*begun)
    before = mine.state()
    while mine.advance(1, 1e6):
        before = mine.state()
    after = mine.state()
    assert 1 < after.update < 200
    assert not theirs.advance(200, 1e6) and theirs.update == after.update == before.update
    assert after.position == before.position and after.epoch == before.epoch
    assert_same(after.parameters, before.parameters)
    assert_same(after.velocity, before.velocity)
    assert all(np.isfinite(p).all() for p in (*after.parameters, *after.velocity))
    assert not mine.advance(1, 1e6)  # nor does it the next time
    assert_same(mine.parameters, before.parameters)
    assert mine.advance(1, 0.0)  # and a step that leads nowhere is one that it can take


def test_where_the_first_update_is_refused_there_is_no_velocity():
    mine, theirs = both(*work(scattered(3, 2, 43, 11), momentum=0.5))
    assert not mine.advance(1, 1e80) and not theirs.advance(1, 1e80)
    assert mine.state().velocity is None and theirs.state().velocity is None


def test_numbers_that_are_not_finite_are_refused_alike():
    split = scattered(3, 2, 20, 5)
    cases = product(OUTPUTS, ACTIVATIONS, BATCHES, Parameters._fields, (np.inf, np.nan, 1e300))
    for output, activation, batch, broken, value in cases:
        task, start = work(split, batch, 3, activation, output=output)
        lost = np.full_like(getattr(start.parameters, broken), value)
        engine_of = both(task, start._replace(parameters=start.parameters._replace(**{broken: lost})))
        fine = [engine.advance(4, 0.1) for engine in engine_of]
        assert fine[0] == fine[1], (output, activation, batch, broken, value)
        assert engine_of[0].update == engine_of[1].update, (output, activation, batch, broken, value)
