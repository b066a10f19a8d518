"""The training loop for everything that `loops.py` has no loops for: several outputs, softmax, L2, momentum.

Compiled on its own, and only where a run needs it; with what is elementary taken from `loops.py`. There too stands
what is true of both: blocks of samples, padding to whole vectors, units four at a time, indices unsigned.

All parameters are one vector theta: rows of `width`, h rounded up to LANES, then b2. The rows are the columns of W1,
d of them rounded up to even (d2); b1; and W2's k rows, rounded up to three: what is done with outputs is done with
three of them at a time. b2 is followed by at least one number that is none of the parameters. The padding is zero,
and whatever happens to it leaves it so.

Three shapes of the same update, as there: many samples (`_descend_batches`, lanes are samples), a few
(`_descend_few`, fewer than FEWEST, lanes are units), and one (`_descend_singles`).
"""
# mypy: ignore-errors

# isort: off
from typing import NamedTuple

import numpy as np
from numba import njit

from toynet.engines.loops import (
    AT_EPOCH, BLOCK, CODES, DIVERGED, EPOCH, FAR, FINE, FUSED, IN_ORDER, LANES, LEARN, MEASURED, NORM, NORM_B1,
    NORM_B2, NORM_W1, NORM_W2, ORDERED, READY, RECORDED, SAMPLE, SCORE, SIGMOID, STAGE, SUMS, TANH,
    TEST_ACCURACY, TEST_LOSS, TRAIN_ACCURACY, TRAIN_LOSS, UPDATES, _U, Run, Samples, _activate, _add_four,
    _ask_ahead, _exp_minus_abs, _gather, _moved, _nought, _permute, _relu_four, _relu_slope, _room, _score, _sigma,
    _sigma_four, _sigma_slope, _square, _stage, _tanh_four, _tanh_slope, _whole_stage,
)  # fmt: skip
# isort: on

__all__ = ["CODES", "DIVERGED", "EPOCH", "MEASURED", "OUTPUT_CODES", "RECORDED", "SAMPLE", "UPDATES", "Network", "Run",
           "Samples", "advance", "padded"]  # fmt: skip

OUTPUT_CODES = {"sigmoid": 0, "softmax": 1}
SOFTMAX = 1
TOGETHER = 3  # outputs at a time
FEWEST = 8  # batches smaller than this run with units as lanes
ROW = (
    BLOCK + LANES
)  # from one unit's or output's numbers to the next one's: BLOCK alone would put all in few cache sets
LOGS = 64  # samples whose sums of exp are multiplied before a logarithm is taken: k^64 is finite for any k


class Network(NamedTuple):
    """theta, gradient and v, vectors of the same layout; h, k, and the numbers of activation and output."""

    theta: np.ndarray
    gradient: np.ndarray
    v: np.ndarray
    h: int
    k: int
    activation: int
    output: int


class Descent(NamedTuple):
    """What an update adds to the gradient, and how far it goes: eta, lambda and mu of `network.updated`."""

    eta: float
    l2: float
    momentum: float


class Room(NamedTuple):
    """Work space for a block: A of the units, Z2 and dC/dZ2 of the outputs, each ROW numbers; dC/dZ1 of four units;
    and three vectors of ROW: largest Z2, sum of exp (or a row of Y), and the output of the largest."""

    A: np.ndarray
    z2: np.ndarray
    e: np.ndarray
    D: np.ndarray
    top: np.ndarray
    total: np.ndarray
    best: np.ndarray


class UnitsRoom(NamedTuple):
    """Work space where lanes are units: A, g'(Z1), dC/dA1, (lines, width) each."""

    A: np.ndarray
    G: np.ndarray
    H: np.ndarray


def padded(d, h, k):
    """d2, width, the rows of W2 and the length of b2, with their padding."""
    rows = -(-k // TOGETHER) * TOGETHER
    return max(2, d + d % 2), -(-h // LANES) * LANES, rows, -(-(rows + 1) // LANES) * LANES


_padded = njit(padded, error_model="numpy", forceinline=True)


@njit(error_model="numpy", forceinline=True)
def _parts(theta, d2, width, outputs):
    """Views of the rows of W1, b1 and W2, and of b2."""
    rows = d2 + 1 + outputs
    return theta[: rows * width].reshape((rows, width)), theta[rows * width :]


# --- the outputs ---------------------------------------------------------------------


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _behind(top, z):
    """How far z is behind. On its own because of FUSED: where sums may be reordered, huge ones swallow others."""
    return top - z


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _class_of(c, k):
    """The class that output c stands for: a single output says whether it is 1."""
    return np.float64(c + 1 if k == 1 else c)


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _finite(z2, k, n):
    """0.0, or nan if a Z2 of n samples is not finite; pads their last vector with zeros. Returns its end too."""
    end = (n + LANES - 1) // LANES * LANES
    broken = 0.0
    for c in range(k):
        for i in range(n, end):
            z2[_U(c * ROW + i)] = 0.0
        for i in range(LANES * (end // LANES)):
            broken += _nought(z2[_U(c * ROW + i)])
    return broken, end


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _yes_or_no(z2, k, classes, q, end, scale, e):
    """dC/dZ2 of outputs that are sigmoids."""
    for c in range(k):
        told = _class_of(c, k)
        for i in range(LANES * (end // LANES)):
            y = 1.0 if classes[q, i] == told else 0.0
            e[_U(c * ROW + i)] = (_sigma(z2[_U(c * ROW + i)]) - y) * scale


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _soften(z2, k, classes, q, end, scale, e, top, total):
    """dC/dZ2 of softmax; leaves each sample's largest Z2 in `top`, and in `total` its sum of exp(Z2 - top)."""
    for i in range(LANES * (end // LANES)):
        top[i] = z2[_U(i)]
        total[i] = 0.0
    for c in range(1, k):
        for i in range(LANES * (end // LANES)):
            z = z2[_U(c * ROW + i)]
            top[i] = z if z > top[i] else top[i]
    for c in range(k):
        for i in range(LANES * (end // LANES)):
            small = _exp_minus_abs(_behind(top[i], z2[_U(c * ROW + i)]))
            total[i] += small
            e[_U(c * ROW + i)] = small
    for c in range(k):
        told = np.float64(c)
        for i in range(LANES * (end // LANES)):
            y = 1.0 if classes[q, i] == told else 0.0
            e[_U(c * ROW + i)] = (e[_U(c * ROW + i)] / total[i] - y) * scale


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _scored_softmax(z2, k, classes, q, n, top, total):
    """Sum of n samples' costs, log of the sum of exp(Z2 - top) - (Z2 of the class - top). See `_soften`."""
    cost = 0.0
    for c in range(k):
        told = np.float64(c)
        for i in range(n):
            cost += _behind(top[i], z2[_U(c * ROW + i)]) if classes[q, i] == told else 0.0
    for first in range(0, n, LOGS):
        product = 1.0
        for i in range(first, min(first + LOGS, n)):
            product *= total[i]
        cost += np.log(product)
    return cost


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _scored_sigmoids(z2, k, classes, q, n, scale, e, told):
    """Sum of n samples' costs, and of a single output how many are right; dC/dZ2 as `_yes_or_no` has it."""
    cost = right = 0.0
    for c in range(k):
        for i in range(n):
            told[i] = 1.0 if classes[q, i] == _class_of(c, k) else 0.0
        _, of_output, right = _score(z2[c * ROW : (c + 1) * ROW], told, n, scale, e[c * ROW : (c + 1) * ROW])
        cost += of_output
    return cost, right


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _hits(z2, k, classes, q, n, top, best):
    """How many of n samples are of the class whose Z2 is the largest, the first of equals."""
    for i in range(n):
        top[i] = z2[_U(i)]
        best[i] = 0.0
    for c in range(1, k):
        told = np.float64(c)
        for i in range(n):
            z = z2[_U(c * ROW + i)]
            best[i] = told if z > top[i] else best[i]
            top[i] = z if z > top[i] else top[i]
    right = 0.0
    for i in range(n):
        right += 1.0 if best[i] == classes[q, i] else 0.0
    return right


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _outputs(z2, k, classes, q, n, scale, output, e, top, total):
    """dC/dZ2 of n samples, 0 in the padding behind them. Returns 0.0, or nan if a Z2 is not finite."""
    broken, end = _finite(z2, k, n)
    if output == SOFTMAX and k > 1:
        _soften(z2, k, classes, q, end, scale, e, top, total)
    else:
        _yes_or_no(z2, k, classes, q, end, scale, e)
    for c in range(k):
        for i in range(n, end):
            e[_U(c * ROW + i)] = 0.0
    return broken


@njit(error_model="numpy", fastmath=SUMS)
def _scored(z2, k, classes, q, n, scale, output, e, top, total, best):
    """Of n samples, behind their `_outputs`: the sum of their costs, and how many are classified rightly."""
    if k == 1:
        return _scored_sigmoids(z2, k, classes, q, n, scale, e, total)
    right = _hits(z2, k, classes, q, n, top, best)
    if output == SOFTMAX:
        return _scored_softmax(z2, k, classes, q, n, top, total), right
    cost, _ = _scored_sigmoids(z2, k, classes, q, n, scale, e, total)
    return cost, right


# --- the rule of the update ----------------------------------------------------------


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _steps(theta, gradient, v, start, stop, l2, descent):
    """Makes v after the update of gradient[start : stop], multiples of LANES; returns the square of theta after it."""
    far = 0.0
    for i in range(LANES * (start // LANES), LANES * (stop // LANES)):
        gradient[_U(i)] = step = descent.momentum * v[_U(i)] + (gradient[_U(i)] + l2 * theta[_U(i)])
        far += _square(_moved(theta[_U(i)], step, descent.eta))
    return far


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _update(network, d2, width, outputs, descent):
    """theta and v after an update, unless that is beyond `FARTHEST` or a Z2 behind it not finite. Returns whether.

    The gradient's last entry is nan if a Z2 was not finite, else 0, and no part of the norm. The gradient is lost.
    """
    theta, gradient, v = network.theta, network.gradient, network.v
    W1, b1, W2, b2 = np.int64(0), d2 * width, (d2 + 1) * width, (d2 + 1 + outputs) * width
    far = _steps(theta, gradient, v, W1, b1, descent.l2, descent)
    far += _steps(theta, gradient, v, b1, W2, 0.0, descent)
    far += _steps(theta, gradient, v, W2, b2, descent.l2, descent)
    far += _steps(theta, gradient, v, b2, theta.size, 0.0, descent)
    if not far <= FAR:  # nor where it is nan
        return False
    for i in range(LANES * (theta.size // LANES)):
        theta[i] = _moved(theta[i], gradient[i], descent.eta)
    if descent.momentum > 0.0:
        for i in range(LANES * (theta.size // LANES)):
            v[i] = gradient[i]
    return True


# --- vector lanes are samples --------------------------------------------------------


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _hidden(rows, d2, j, x, q, n, A):
    """Z1 of units j to j + 3 for n LANES samples."""
    a, b, c, d = j * ROW, (j + 1) * ROW, (j + 2) * ROW, (j + 3) * ROW
    v0, v1, v2, v3 = rows[d2, j], rows[d2, j + 1], rows[d2, j + 2], rows[d2, j + 3]
    for k in range(0, d2, 2):
        p0, p1, p2, p3 = rows[k, j], rows[k, j + 1], rows[k, j + 2], rows[k, j + 3]
        q0, q1, q2, q3 = rows[k + 1, j], rows[k + 1, j + 1], rows[k + 1, j + 2], rows[k + 1, j + 3]
        if k == 0:
            for i in range(LANES * n):
                r, s = x[q, 0, i], x[q, 1, i]
                A[_U(a + i)] = v0 + (p0 * r + q0 * s)
                A[_U(b + i)] = v1 + (p1 * r + q1 * s)
                A[_U(c + i)] = v2 + (p2 * r + q2 * s)
                A[_U(d + i)] = v3 + (p3 * r + q3 * s)
        else:
            for i in range(LANES * n):
                r, s = x[q, k, i], x[q, k + 1, i]
                A[_U(a + i)] += p0 * r + q0 * s
                A[_U(b + i)] += p1 * r + q1 * s
                A[_U(c + i)] += p2 * r + q2 * s
                A[_U(d + i)] += p3 * r + q3 * s


def _activation_of(g):
    """A1 of four units from their Z1, in place, for one activation."""

    @njit(error_model="numpy", fastmath=SUMS, forceinline=True)
    def activate(j, n, A):
        a, b, c, d = j * ROW, (j + 1) * ROW, (j + 2) * ROW, (j + 3) * ROW
        for i in range(LANES * n):
            g0, g1, g2, g3 = g((A[_U(a + i)], A[_U(b + i)], A[_U(c + i)], A[_U(d + i)]))
            A[_U(a + i)], A[_U(b + i)], A[_U(c + i)], A[_U(d + i)] = g0, g1, g2, g3

    return activate


_activate_tanh, _activate_sigmoid, _activate_relu = (
    _activation_of(_tanh_four),
    _activation_of(_sigma_four),
    _activation_of(_relu_four),
)


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _forward(rows, b2, d2, h, outputs, x, q, n, A, z2, activation):
    """A1, and Z2 of n LANES samples, the columns of x[q]."""
    for o in range(outputs):
        for i in range(LANES * n):
            z2[_U(o * ROW + i)] = b2[o]
    for j in range(0, h, 4):
        _hidden(rows, d2, j, x, q, n, A)
        if activation == TANH:
            _activate_tanh(j, n, A)
        elif activation == SIGMOID:
            _activate_sigmoid(j, n, A)
        else:
            _activate_relu(j, n, A)
        a, b, c, d = j * ROW, (j + 1) * ROW, (j + 2) * ROW, (j + 3) * ROW
        for o in range(0, outputs, TOGETHER):
            w = d2 + 1 + o
            p0, p1, p2, p3 = rows[w, j], rows[w, j + 1], rows[w, j + 2], rows[w, j + 3]
            q0, q1, q2, q3 = rows[w + 1, j], rows[w + 1, j + 1], rows[w + 1, j + 2], rows[w + 1, j + 3]
            r0, r1, r2, r3 = rows[w + 2, j], rows[w + 2, j + 1], rows[w + 2, j + 2], rows[w + 2, j + 3]
            first, second, third = o * ROW, (o + 1) * ROW, (o + 2) * ROW
            for i in range(LANES * n):
                g0, g1, g2, g3 = A[_U(a + i)], A[_U(b + i)], A[_U(c + i)], A[_U(d + i)]
                z2[_U(first + i)] += (p0 * g0 + p1 * g1) + (p2 * g2 + p3 * g3)
                z2[_U(second + i)] += (q0 * g0 + q1 * g1) + (q2 * g2 + q3 * g3)
                z2[_U(third + i)] += (r0 * g0 + r1 * g1) + (r2 * g2 + r3 * g3)


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _backward_outputs(rows, gradient, d2, j, outputs, n, A, e, D):
    """Adds dC/dW2 of units j to j + 3; leaves their dC/dA1 in D."""
    a, b, c, d = j * ROW, (j + 1) * ROW, (j + 2) * ROW, (j + 3) * ROW
    for o in range(0, outputs, TOGETHER):
        w, first, second, third = d2 + 1 + o, o * ROW, (o + 1) * ROW, (o + 2) * ROW
        p0 = p1 = p2 = p3 = q0 = q1 = q2 = q3 = r0 = r1 = r2 = r3 = 0.0
        for i in range(LANES * n):
            f, s, t = e[_U(first + i)], e[_U(second + i)], e[_U(third + i)]
            g0, g1, g2, g3 = A[_U(a + i)], A[_U(b + i)], A[_U(c + i)], A[_U(d + i)]
            p0 += f * g0
            p1 += f * g1
            p2 += f * g2
            p3 += f * g3
            q0 += s * g0
            q1 += s * g1
            q2 += s * g2
            q3 += s * g3
            r0 += t * g0
            r1 += t * g1
            r2 += t * g2
            r3 += t * g3
        _add_four(gradient, w, j, p0, p1, p2, p3)
        _add_four(gradient, w + 1, j, q0, q1, q2, q3)
        _add_four(gradient, w + 2, j, r0, r1, r2, r3)
        p0, p1, p2, p3 = rows[w, j], rows[w, j + 1], rows[w, j + 2], rows[w, j + 3]
        q0, q1, q2, q3 = rows[w + 1, j], rows[w + 1, j + 1], rows[w + 1, j + 2], rows[w + 1, j + 3]
        r0, r1, r2, r3 = rows[w + 2, j], rows[w + 2, j + 1], rows[w + 2, j + 2], rows[w + 2, j + 3]
        if o == 0:
            for i in range(LANES * n):
                f, s, t = e[_U(first + i)], e[_U(second + i)], e[_U(third + i)]
                D[_U(i)] = p0 * f + q0 * s + r0 * t
                D[_U(ROW + i)] = p1 * f + q1 * s + r1 * t
                D[_U(2 * ROW + i)] = p2 * f + q2 * s + r2 * t
                D[_U(3 * ROW + i)] = p3 * f + q3 * s + r3 * t
        else:
            for i in range(LANES * n):
                f, s, t = e[_U(first + i)], e[_U(second + i)], e[_U(third + i)]
                D[_U(i)] += p0 * f + q0 * s + r0 * t
                D[_U(ROW + i)] += p1 * f + q1 * s + r1 * t
                D[_U(2 * ROW + i)] += p2 * f + q2 * s + r2 * t
                D[_U(3 * ROW + i)] += p3 * f + q3 * s + r3 * t


def _backward_of(slope):
    """Of four units dC/dZ1 in D from dC/dA1, and their dC/db1 and dC/dW1 of two inputs, for one activation."""

    @njit(error_model="numpy", fastmath=SUMS, forceinline=True)
    def backward(gradient, d2, j, x, q, n, A, D):
        a, b, c, d = j * ROW, (j + 1) * ROW, (j + 2) * ROW, (j + 3) * ROW
        p0 = p1 = p2 = p3 = q0 = q1 = q2 = q3 = r0 = r1 = r2 = r3 = 0.0
        for i in range(LANES * n):
            u, v = x[q, 0, i], x[q, 1, i]
            g0, g1 = D[_U(i)] * slope(A[_U(a + i)]), D[_U(ROW + i)] * slope(A[_U(b + i)])
            g2, g3 = D[_U(2 * ROW + i)] * slope(A[_U(c + i)]), D[_U(3 * ROW + i)] * slope(A[_U(d + i)])
            D[_U(i)], D[_U(ROW + i)], D[_U(2 * ROW + i)], D[_U(3 * ROW + i)] = g0, g1, g2, g3
            p0 += g0
            p1 += g1
            p2 += g2
            p3 += g3
            q0 += g0 * u
            q1 += g1 * u
            q2 += g2 * u
            q3 += g3 * u
            r0 += g0 * v
            r1 += g1 * v
            r2 += g2 * v
            r3 += g3 * v
        _add_four(gradient, d2, j, p0, p1, p2, p3)
        _add_four(gradient, 0, j, q0, q1, q2, q3)
        _add_four(gradient, 1, j, r0, r1, r2, r3)

    return backward


_backward_tanh, _backward_sigmoid, _backward_relu = (
    _backward_of(_tanh_slope),
    _backward_of(_sigma_slope),
    _backward_of(_relu_slope),
)


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _backward(rows, gradient, gradient_b2, d2, h, k, outputs, x, q, n, A, e, D, activation):
    """Adds the gradient of n LANES samples."""
    for o in range(k):
        total = 0.0
        for i in range(LANES * n):
            total += e[_U(o * ROW + i)]
        gradient_b2[o] += total
    for j in range(0, h, 4):
        _backward_outputs(rows, gradient, d2, j, outputs, n, A, e, D)
        if activation == TANH:
            _backward_tanh(gradient, d2, j, x, q, n, A, D)
        elif activation == SIGMOID:
            _backward_sigmoid(gradient, d2, j, x, q, n, A, D)
        else:
            _backward_relu(gradient, d2, j, x, q, n, A, D)
        for of_input in range(2, d2, 2):
            q0 = q1 = q2 = q3 = r0 = r1 = r2 = r3 = 0.0
            for i in range(LANES * n):
                u, v = x[q, of_input, i], x[q, of_input + 1, i]
                g0, g1, g2, g3 = D[_U(i)], D[_U(ROW + i)], D[_U(2 * ROW + i)], D[_U(3 * ROW + i)]
                q0 += u * g0
                q1 += u * g1
                q2 += u * g2
                q3 += u * g3
                r0 += v * g0
                r1 += v * g1
                r2 += v * g2
                r3 += v * g3
            _add_four(gradient, of_input, j, q0, q1, q2, q3)
            _add_four(gradient, of_input + 1, j, r0, r1, r2, r3)


@njit(error_model="numpy", fastmath=SUMS)
def _differentiate(network, rows, b2, gradient, gradient_b2, d2, x, classes, q, n, scale, room, task):
    """Runs n samples, block q, through the network, and adds their gradient where `task` has LEARN.

    Returns
    -------
    cost, right : float
        Sums over the samples, 0 without SCORE.
    broken : float
        0, or nan if a Z2 is not finite.
    """
    A, z2, e, D, top, total, best = room
    h, k, activation, output = network.h, network.k, network.activation, network.output
    outputs = rows.shape[0] - d2 - 1
    whole = (n + LANES - 1) // LANES
    cost = right = 0.0
    _forward(rows, b2, d2, h, outputs, x, q, whole, A, z2, activation)
    broken = _outputs(z2, k, classes, q, n, scale, output, e, top, total)
    if task & SCORE != 0:
        cost, right = _scored(z2, k, classes, q, n, scale, output, e, top, total, best)
    if task & LEARN != 0:
        _backward(rows, gradient, gradient_b2, d2, h, k, outputs, x, q, whole, A, e, D, activation)
    return cost, right, broken


@njit(error_model="numpy", fastmath=SUMS)
def _pass_samples(network, samples, stage, room, task):
    """As `loops._pass_samples`."""
    X, y = samples
    x, classes = stage
    m, k = y.size, network.k
    d2, width, outputs, _ = _padded(X.shape[1], network.h, k)
    rows, b2 = _parts(network.theta, d2, width, outputs)
    gradient, gradient_b2 = _parts(network.gradient, d2, width, outputs)
    if task & LEARN != 0:
        network.gradient[:] = 0.0
    cost = right = broken = 0.0
    held = m <= classes.size
    for first in range(0, m, BLOCK):
        q = first // BLOCK % classes.shape[0]
        if q == 0 and not held:
            _gather(X, y, IN_ORDER, first, m, m, m - first, x, classes)
        n = min(BLOCK, m - first)
        of_block = _differentiate(network, rows, b2, gradient, gradient_b2, d2, x, classes, q, n, 1.0 / m, room, task)
        cost, right, broken = cost + of_block[0], right + of_block[1], broken + of_block[2]
    if task & LEARN != 0:
        gradient_b2[gradient_b2.size - 1] = broken
    return cost, right


@njit(error_model="numpy", fastmath=SUMS)
def _descend_batches(network, samples, order, stage, room, start, stop, batch, descent):
    """One update per batch of order[start : stop]. Returns where it ended, before `stop` if an update is refused."""
    X, y = samples
    x, classes = stage
    d2, width, outputs, _ = _padded(X.shape[1], network.h, network.k)
    rows, b2 = _parts(network.theta, d2, width, outputs)
    gradient, gradient_b2 = _parts(network.gradient, d2, width, outputs)
    block = classes.shape[1]
    q = classes.shape[0]
    for position in range(start, stop, batch):
        size = min(batch, stop - position)
        _ask_ahead(X, y, order, position, size)
        network.gradient[:] = 0.0
        broken = 0.0
        for first in range(0, size, block):
            if q == classes.shape[0]:
                _gather(X, y, order, position + first, stop, batch, batch - first, x, classes)
                q = 0
            n = min(block, size - first)
            broken += _differentiate(
                network, rows, b2, gradient, gradient_b2, d2, x, classes, q, n, 1.0 / size, room, LEARN
            )[2]
            q += 1
        gradient_b2[gradient_b2.size - 1] = broken
        if not _update(network, d2, width, outputs, descent):
            return position
    return stop


# --- vector lanes are hidden units ---------------------------------------------------


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _forward_units(rows, b2, d2, tiles, outputs, x, q, first, n, A, G, z2, activation):
    """A1 and g'(Z1), (n, width), and Z2 of n samples, the columns of x[q] from `first` on."""
    for i in range(n):
        x0, x1 = x[q, 0, first + i], x[q, 1, first + i]
        for j in range(LANES * tiles):
            A[i, j] = rows[d2, j] + (x0 * rows[0, j] + x1 * rows[1, j])
        for k in range(2, d2, 2):
            x0, x1 = x[q, k, first + i], x[q, k + 1, first + i]
            for j in range(LANES * tiles):
                A[i, j] += x0 * rows[k, j] + x1 * rows[k + 1, j]
    _activate(A, G, n, tiles, activation)
    for i in range(n):
        for o in range(0, outputs, TOGETHER):
            w = d2 + 1 + o
            p = s = t = 0.0
            for j in range(LANES * tiles):
                a = A[i, j]
                p += rows[w, j] * a
                s += rows[w + 1, j] * a
                t += rows[w + 2, j] * a
            z2[o * ROW + i], z2[(o + 1) * ROW + i], z2[(o + 2) * ROW + i] = p + b2[o], s + b2[o + 1], t + b2[o + 2]


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _errors_of_units(rows, d2, tiles, outputs, i, G, H, e):
    """dC/dZ1 of sample i, in H[0]."""
    for o in range(0, outputs, TOGETHER):
        w = d2 + 1 + o
        p, s, t = e[o * ROW + i], e[(o + 1) * ROW + i], e[(o + 2) * ROW + i]
        if o == 0:
            for j in range(LANES * tiles):
                H[0, j] = p * rows[w, j] + s * rows[w + 1, j] + t * rows[w + 2, j]
        else:
            for j in range(LANES * tiles):
                H[0, j] += p * rows[w, j] + s * rows[w + 1, j] + t * rows[w + 2, j]
    for j in range(LANES * tiles):
        H[0, j] *= G[i, j]


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _add_row(gradient, row, tiles, error, values, i):
    """Adds a number times values[i] to a row of the gradient."""
    for j in range(LANES * tiles):
        gradient[row, j] += error * values[i, j]


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _backward_units(rows, gradient, gradient_b2, d2, tiles, k, outputs, x, q, n, A, G, H, e):
    """Adds the gradient of n samples."""
    for i in range(n):
        _errors_of_units(rows, d2, tiles, outputs, i, G, H, e)
        for o in range(k):
            gradient_b2[o] += e[o * ROW + i]
            _add_row(gradient, d2 + 1 + o, tiles, e[o * ROW + i], A, i)
        _add_row(gradient, d2, tiles, 1.0, H, np.int64(0))
        for of_input in range(d2):
            _add_row(gradient, of_input, tiles, x[q, of_input, i], H, np.int64(0))


@njit(error_model="numpy", fastmath=SUMS)
def _descend_few(network, samples, order, stage, room, units_room, start, stop, batch, descent):
    """As `_descend_batches`, for batches of a few samples, which are one block each."""
    X, y = samples
    x, classes = stage
    A, G, H = units_room
    _, z2, e, _, top, total, _ = room
    k, activation, output = network.k, network.activation, network.output
    d2, width, outputs, _ = _padded(X.shape[1], network.h, k)
    tiles = width // LANES
    rows, b2 = _parts(network.theta, d2, width, outputs)
    gradient, gradient_b2 = _parts(network.gradient, d2, width, outputs)
    q = classes.shape[0]
    for position in range(start, stop, batch):
        if q == classes.shape[0]:
            _gather(X, y, order, position, stop, batch, batch, x, classes)
            q = 0
        n = min(batch, stop - position)
        _ask_ahead(X, y, order, position, n)
        _forward_units(rows, b2, d2, tiles, outputs, x, q, np.int64(0), n, A, G, z2, activation)
        broken = _outputs(z2, k, classes, q, n, 1.0 / n, output, e, top, total)
        network.gradient[:] = 0.0
        _backward_units(rows, gradient, gradient_b2, d2, tiles, k, outputs, x, q, n, A, G, H, e)
        gradient_b2[gradient_b2.size - 1] = broken
        if not _update(network, d2, width, outputs, descent):
            return position
        q += 1
    return stop


# --- one sample per update -----------------------------------------------------------


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _output_of_one(z2, k, y, output, e):
    """dC/dZ2 of one sample of class y. Returns 0.0, or nan if a Z2 is not finite."""
    broken, top, total = 0.0, z2[0], 0.0
    for o in range(k):
        broken += _nought(z2[o * ROW])
        top = max(top, z2[o * ROW])
    if output == SOFTMAX and k > 1:
        for o in range(k):
            e[o * ROW] = small = _exp_minus_abs(top - z2[o * ROW])
            total += small
        for o in range(k):
            e[o * ROW] = e[o * ROW] / total - (1.0 if y == _class_of(o, k) else 0.0)
    else:
        for o in range(k):
            e[o * ROW] = _sigma(z2[o * ROW]) - (1.0 if y == _class_of(o, k) else 0.0)
    return broken


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _step_of_row(rows, gradient, v, row, tiles, error, values, l2, descent):
    """As `_steps`, of a row whose gradient is a number times those values: there is no need to write it down before."""
    far = 0.0
    for j in range(LANES * tiles):
        gradient[row, j] = step = descent.momentum * v[row, j] + (error * values[0, j] + l2 * rows[row, j])
        far += _square(_moved(rows[row, j], step, descent.eta))
    return far


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _commit(theta, v, gradient, size, descent):
    """Makes the update that `_step_of_row` has prepared, of the first numbers: as many as there are."""
    for i in range(size):
        theta[i] = _moved(theta[i], gradient[i], descent.eta)
    if descent.momentum > 0.0:
        for i in range(size):
            v[i] = gradient[i]


@njit(error_model="numpy", fastmath=SUMS)
def _descend_singles(network, samples, order, stage, room, units_room, start, stop, descent):
    """One update per sample of order[start : stop]. Returns where it ended, before `stop` if an update is refused."""
    X, y = samples
    x, classes = stage
    A, G, H = units_room
    z2, e = room.z2, room.e
    k, activation, output = network.k, network.activation, network.output
    d, (d2, width, outputs, _) = X.shape[1], _padded(X.shape[1], network.h, k)
    tiles, l2 = width // LANES, descent.l2
    rows, b2 = _parts(network.theta, d2, width, outputs)
    gradient, gradient_b2 = _parts(network.gradient, d2, width, outputs)
    v, v_b2 = _parts(network.v, d2, width, outputs)
    q = classes.shape[1]
    for position in range(start, stop):
        if q == classes.shape[1]:
            _gather(X, y, order, position, stop, stop, stop - position, x, classes)
            q = 0
        _ask_ahead(X, y, order, position, 1)
        _forward_units(rows, b2, d2, tiles, outputs, x, np.int64(0), q, np.int64(1), A, G, z2, activation)
        far = _output_of_one(z2, k, classes[0, q], output, e)
        _errors_of_units(rows, d2, tiles, outputs, np.int64(0), G, H, e)
        for o in range(k):
            far += _step_of_row(rows, gradient, v, d2 + 1 + o, tiles, e[o * ROW], A, l2, descent)
            gradient_b2[o] = step = descent.momentum * v_b2[o] + e[o * ROW]
            far += _square(_moved(b2[o], step, descent.eta))
        far += _step_of_row(rows, gradient, v, d2, tiles, 1.0, H, 0.0, descent)
        for i in range(d):
            far += _step_of_row(rows, gradient, v, i, tiles, x[0, i, q], H, l2, descent)
        if not far <= FAR:  # nor where it is nan
            return position
        _commit(network.theta, network.v, network.gradient, (d2 + 1 + k) * width, descent)
        _commit(b2, v_b2, gradient_b2, k, descent)
        q += 1
    return stop


# --- epochs --------------------------------------------------------------------------


@njit(error_model="numpy", fastmath=SUMS)
def _norm2(gradient, start, stop):
    """The square of the norm of rows of a gradient."""
    total = 0.0
    for i in range(start, stop):
        for j in range(gradient.shape[1]):
            total += gradient[i, j] ** 2
    return total


@njit(error_model="numpy", fastmath=SUMS)
def _measure(network, train, train_stage, test, test_stage, room, row):
    """One row of `history` but its epoch; leaves the gradient over all training rows. Returns whether it is finite."""
    m, m_test, k = train.y.size, test.y.size, network.k
    d2, width, outputs, _ = _padded(train.X.shape[1], network.h, k)
    cost, right = _pass_samples(network, train, train_stage, room, LEARN | SCORE)
    row[TRAIN_LOSS], row[TRAIN_ACCURACY] = cost / m, right / m
    cost, right = _pass_samples(network, test, test_stage, room, SCORE)
    row[TEST_LOSS], row[TEST_ACCURACY] = cost / m_test, right / m_test  # nan if there are none
    gradient, gradient_b2 = _parts(network.gradient, d2, width, outputs)
    W1, b1, W2 = _norm2(gradient, 0, d2), _norm2(gradient, d2, d2 + 1), _norm2(gradient, d2 + 1, d2 + 1 + outputs)
    b2 = 0.0
    for o in range(k):
        b2 += gradient_b2[o] ** 2
    row[NORM_W1], row[NORM_B1], row[NORM_W2], row[NORM_B2] = np.sqrt(W1), np.sqrt(b1), np.sqrt(W2), np.sqrt(b2)
    row[NORM] = np.sqrt(W1 + b1 + W2 + b2)
    return (row[TRAIN_LOSS] + row[NORM] + (row[TEST_LOSS] if m_test > 0 else 0.0)) * 0.0 == 0.0


@njit(error_model="numpy")
def _block_room(width, outputs):
    """A `Room`."""
    return Room(
        _room(width * ROW),
        _room(outputs * ROW),
        _room(outputs * ROW),
        _room(4 * ROW),
        _room(ROW),
        _room(ROW),
        _room(ROW),
    )


@njit(error_model="numpy")
def _units_room(lines, width):
    """A `UnitsRoom`."""
    size, shape = lines * width, (lines, width)
    return UnitsRoom(_room(size).reshape(shape), _room(size).reshape(shape), _room(size).reshape(shape))


@njit(nogil=True, cache=True, error_model="numpy")
def advance(network, train, test, run, batch, l2, momentum, eta, updates, record_every):
    """Does up to `updates` updates, in place.

    Parameters
    ----------
    network : Network
        v is zero before the first update, and without momentum.
    train, test : Samples
    run : Run
    batch : int
        Samples an update; 0 for all, in no order.
    l2, momentum : float
    eta : float
    updates, record_every : int

    Returns
    -------
    int
        FINE or DIVERGED, as `loops.advance`.
    """
    order, random, progress, history = run
    descent = Descent(eta, l2, momentum)
    m = train.y.size
    size = m if batch == 0 else batch
    d2, width, outputs, _ = _padded(train.X.shape[1], network.h, network.k)
    whole, test_whole = _whole_stage(train, d2), _whole_stage(test, d2)
    room, units_room = _block_room(width, outputs), _units_room(FEWEST, width)
    # The blocks of a batch: as few as possible, equally long, whole vectors.
    block = STAGE if batch == 1 else -(-size // (-(-size // BLOCK) * LANES)) * LANES
    stage = _stage(d2, STAGE // block, block)
    while updates > 0 and (record_every == 0 or progress[RECORDED] < history.shape[0]):
        start = progress[SAMPLE]
        stop = min(m, start + updates * size)
        if batch > 0 and (start == 0 or progress[ORDERED] == 0):
            random[1] = random[0]
            _permute(order, random[0])
            progress[ORDERED] = 1
        if batch == 0:
            if progress[READY] == 0:
                _pass_samples(network, train, whole, room, LEARN)
            progress[READY] = 0
            position = m if _update(network, d2, width, outputs, descent) else 0
        elif batch == 1:
            position = _descend_singles(network, train, order, stage, room, units_room, start, stop, descent)
        elif batch < FEWEST:
            position = _descend_few(network, train, order, stage, room, units_room, start, stop, batch, descent)
        else:
            position = _descend_batches(network, train, order, stage, room, start, stop, batch, descent)
        done = (position - start + size - 1) // size
        updates -= done
        progress[UPDATES] += done
        progress[SAMPLE] = position
        if position < stop:
            return DIVERGED
        if position == m:
            progress[SAMPLE] = 0
            progress[EPOCH] += 1
            if record_every > 0 and progress[EPOCH] % record_every == 0:
                row = history[progress[RECORDED]]
                row[AT_EPOCH] = progress[EPOCH]
                finite = _measure(network, train, whole, test, test_whole, room, row)
                progress[READY] = 1  # in full batch this gradient is the next update's
                progress[RECORDED] += finite
    return FINE
