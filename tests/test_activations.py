"""g and g': values, derivatives, and no overflow."""

import numpy as np
import pytest

from toynet.activations import ACTIVATIONS, sigma, sigma_prime

pytestmark = pytest.mark.filterwarnings("error")

WIDE = np.concatenate([-np.logspace(308, -300, 400), [0.0], np.logspace(-300, 308, 400)])


def test_sigma_has_its_textbook_values():
    Z = np.log([1 / 3, 1.0, 3.0, 9.0])
    np.testing.assert_allclose(sigma(Z), [1 / 4, 1 / 2, 3 / 4, 9 / 10], rtol=1e-15)


def test_sigma_has_exact_limits_and_never_overflows():
    np.testing.assert_array_equal(sigma(np.array([-1e4, 1e4, -np.inf, np.inf])), [0.0, 1.0, 0.0, 1.0])
    assert ((sigma(WIDE) >= 0) & (sigma(WIDE) <= 1)).all()
    assert (np.diff(sigma(WIDE)) >= 0).all()


def test_sigma_keeps_its_digits_far_below_zero():
    np.testing.assert_allclose(sigma(np.array([-50.0, -700.0])), np.exp([-50.0, -700.0]), rtol=1e-14)


def test_sigma_prime_is_sigma_times_one_minus_sigma():
    Z = np.linspace(-10, 10, 101)
    np.testing.assert_allclose(sigma_prime(Z), sigma(Z) * (1 - sigma(Z)), rtol=1e-11)
    np.testing.assert_array_equal(sigma_prime(np.array([-1e4, 0.0, 1e4])), [0.0, 0.25, 0.0])


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_g_prime_is_the_derivative_of_g_at_the_pre_activation(name):
    g, g_prime = ACTIVATIONS[name].g, ACTIVATIONS[name].g_prime
    Z, step = np.linspace(-4, 4, 81), 1e-5
    np.testing.assert_allclose(g_prime(Z), (g(Z + step) - g(Z - step)) / (2 * step), rtol=1e-6)


def test_relu_and_its_derivative_are_exact():
    Z = np.array([[-2.0, -0.0, 0.0, 1e-300, 3.5]])
    np.testing.assert_array_equal(ACTIVATIONS["relu"].g(Z), [[0.0, 0.0, 0.0, 1e-300, 3.5]])
    np.testing.assert_array_equal(ACTIVATIONS["relu"].g_prime(Z), [[0.0, 0.0, 0.0, 1.0, 1.0]])


def test_tanh_has_its_textbook_values():
    Z = np.log([[2.0, 1.0, 0.5]])
    np.testing.assert_allclose(ACTIVATIONS["tanh"].g(Z), [[3 / 5, 0.0, -3 / 5]], atol=1e-15)
    np.testing.assert_allclose(ACTIVATIONS["tanh"].g_prime(Z), [[16 / 25, 1.0, 16 / 25]], rtol=1e-14)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_g_and_g_prime_keep_the_shape_and_are_finite_everywhere(name):
    Z = WIDE.reshape(3, -1)
    for f in (ACTIVATIONS[name].g, ACTIVATIONS[name].g_prime):
        assert f(Z).shape == Z.shape
        assert np.isfinite(f(Z)).all()
