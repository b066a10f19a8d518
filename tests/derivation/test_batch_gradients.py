"""Batches' gradients against the full one: those of `network.backward`, and the averages that must hold."""

import numpy as np
import pytest

from tests.derivation.several import several
from tests.problems import problem
from toynet.activations import ACTIVATIONS, OUTPUTS
from toynet.derivation.batch_gradients import _against, compare, gradients
from toynet.network import Parameters, backward, forward

pytestmark = pytest.mark.filterwarnings("error")


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize(("h", "d", "size"), [(3, 2, 5), (1, 1, 1), (4, 3, 24)])
def test_each_batch_has_the_gradient_that_backward_derives(activation, h, d, size):
    parameters, X, y = problem(activation, 24, h, d)
    rng = np.random.default_rng(1)
    rows = np.array([rng.permutation(24)[:size] for _ in range(7)])
    stacked = gradients(parameters, X, y, activation, rows)
    for k, batch in enumerate(rows):
        right = backward(parameters, forward(parameters, X[batch], activation), y[batch], activation)
        for mine, theirs in zip(stacked, right, strict=True):
            np.testing.assert_allclose(mine[k], theirs, rtol=1e-12, atol=1e-16)


def test_by_hand():
    # One relu unit with W1 = 1, b1 = 0, W2 = 0, b2 = 0: y_hat = 1/2 everywhere, dC/dW1 = dC/db1 = 0.
    # x = 1, y = 0: dC/dW2 = 1/2 * 1, dC/db2 = 1/2.  x = 3, y = 1: dC/dW2 = -1/2 * 3, dC/db2 = -1/2.
    # Full: (dW2, db2) = (-1/2, 0). Sample 1: (1/2, 1/2): cosine -1/sqrt 2, ratio sqrt 2.
    # Sample 2: (-3/2, -1/2): length sqrt(10)/2, cosine 3/sqrt 10, ratio sqrt 10.
    one, nought = np.array([[1.0]]), np.array([[0.0]])
    X, y = np.array([[1.0], [3.0]]), np.array([0.0, 1.0])
    found = compare(Parameters(one, nought, nought, nought), X, y, "relu", batch_size=2)
    assert found["stochastic"].cosine == pytest.approx([-(0.5**0.5), 3 / 10**0.5])
    assert found["stochastic"].norm_ratio == pytest.approx([2**0.5, 10**0.5])
    assert found["mini"].cosine == pytest.approx(1) and found["mini"].norm_ratio == pytest.approx(1)
    assert (found["mini"].size, found["stochastic"].size) == (2, 1)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_batches_average_to_the_full_gradient(activation):
    # mean g_b = g, so mean(g_b . g) / |g|^2 = mean(cosine * ratio) = 1: 3 permutations of 6 batches of 4.
    found = compare(*problem(activation, 24), activation, batch_size=4, most=18)
    assert found["mini"].cosine.shape == (18,)
    assert np.mean(found["mini"].cosine * found["mini"].norm_ratio) == pytest.approx(1)
    found = compare(*problem(activation, 24), activation, most=24)
    assert np.mean(found["stochastic"].cosine * found["stochastic"].norm_ratio) == pytest.approx(1)


def test_larger_batches_are_closer_to_the_full_gradient():
    given = *problem("tanh", m=400), "tanh"
    spreads = [compare(*given, batch_size=size)["mini"] for size in (1, 8, 64, 400)]
    assert np.all(np.diff([s.cosine.mean() for s in spreads]) > 0)
    assert np.all(np.diff([s.norm_ratio.std() for s in spreads]) < 0)
    assert spreads[-1].cosine == pytest.approx(1) and spreads[-1].norm_ratio == pytest.approx(1)


def test_seed_and_cap():
    given = *problem("tanh", m=100), "tanh"
    first, again, other = (compare(*given, batch_size=7, seed=seed, most=20) for seed in (0, 0, 1))
    for mode in ("mini", "stochastic"):
        assert first[mode].cosine.shape == first[mode].norm_ratio.shape == (20,)
        assert np.array_equal(first[mode].cosine, again[mode].cosine)
        assert not np.array_equal(first[mode].cosine, other[mode].cosine)


def test_batch_larger_than_the_data_is_the_data():
    found = compare(*problem("tanh", m=5), "tanh", batch_size=32)
    assert found["mini"].size == 5 and found["mini"].cosine == pytest.approx(1)


def test_zero_gradients_have_no_direction_and_give_no_warning():
    # Saturated and right: y_hat - y is exactly 0 for y = 1, and -1 for the single sample with y = 0.
    parameters = Parameters(np.ones((2, 2)), np.zeros((2, 1)), np.zeros((1, 2)), np.array([[900.0]]))
    X = np.ones((6, 2))
    nothing = compare(parameters, X, np.ones(6), "tanh", batch_size=2)
    for spread in nothing.values():
        assert np.isnan(spread.cosine).all() and np.isnan(spread.norm_ratio).all()
    single = compare(parameters, X, np.array([1.0, 1, 1, 0, 1, 1]), "tanh", batch_size=2)["stochastic"]
    assert np.isnan(single.cosine).tolist() == [True, True, True, False, True, True]
    assert single.norm_ratio == pytest.approx([0, 0, 0, 6, 0, 0]) and single.cosine[3] == pytest.approx(1)


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_squares_of_huge_and_tiny_gradients_neither_overflow_nor_vanish(scale):
    # As by hand above, with both gradients scaled: cosine and ratio stay.
    full, batches = np.array([-0.5, 0.0]), np.array([[0.5, 0.5], [-1.5, -0.5]])
    cosine, ratio = _against(full * scale, batches * scale)
    assert cosine == pytest.approx([-(0.5**0.5), 3 / 10**0.5])
    assert ratio == pytest.approx([2**0.5, 10**0.5])


def test_gradients_that_are_not_finite_have_no_direction():
    full, batches = np.array([-0.5, 0.0]), np.array([[np.inf, 0.5], [np.nan, -0.5], [-1.0, 0.0]])
    cosine, ratio = _against(full, batches)
    assert np.isnan(cosine).tolist() == np.isnan(ratio).tolist() == [True, True, False]
    assert (cosine[2], ratio[2]) == (1, 2)
    cosine, ratio = _against(np.array([np.inf, 0.0]), batches)
    assert np.isnan(cosine).all() and np.isnan(ratio).all()


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("k", [1, 3])
def test_each_batch_of_several_outputs_has_the_gradient_that_backward_derives(output, k):
    parameters, X, y = several("tanh", 24, 4, 3, k)
    rng = np.random.default_rng(1)
    rows = np.array([rng.permutation(24)[:5] for _ in range(7)])
    stacked = gradients(parameters, X, y, "tanh", rows, output)
    for number, batch in enumerate(rows):
        right = backward(parameters, forward(parameters, X[batch], "tanh", output), y[batch], "tanh")
        for mine, theirs in zip(stacked, right, strict=True):
            assert mine[number].shape == theirs.shape
            np.testing.assert_allclose(mine[number], theirs, rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("l2", [0.0, 0.5])
def test_batches_of_several_outputs_average_to_the_full_gradient_with_its_penalty(output, l2):
    found = compare(*several("tanh", 24), "tanh", batch_size=4, most=18, output=output, l2=l2)
    assert np.mean(found["mini"].cosine * found["mini"].norm_ratio) == pytest.approx(1)


def test_the_penalty_that_all_batches_share_makes_them_more_alike():
    few, many = (compare(*several("tanh", 24), "tanh", 4, output="softmax", l2=l2)["mini"] for l2 in (0.0, 10.0))
    assert many.cosine.min() > few.cosine.mean() and many.cosine.min() > 0.99
