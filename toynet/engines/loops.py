"""The training loop, compiled: what network.py derives, written out for speed.

Numbers agree with network.py after every update to rounding (1e-12). Where that file
has one array expression per line of the derivation, this one has loops over a block
of samples that fits the first cache, so that a data set of a million rows needs no
more memory than its own and, where they are permuted, 4 bytes a row for their order.

Parameters and gradients are kept in one array theta, (d2 + 3, width): the columns of
W1 as rows, then b1, then W2, then a row that starts with b2. d2 is d rounded up to
even and width is h rounded up to LANES; the padding is zero and stays zero. So every
inner loop runs over whole vectors (a scalar remainder would cost more than the rest).

Three shapes of the same update, chosen by the size of the batch:

- many samples: vector lanes are samples (`_descend_batches`; `_pass_samples` for all of them);
- a few: vector lanes are hidden units (`_descend_few`);
- one: units as well, without a gradient array (`_descend_singles`).

Functions called once per block or more often are inlined: a call that passes a dozen
arrays is not free beside 32 samples. What is called once an epoch takes its arguments in
named tuples; so does `_measure`, which is inlined too, for an epoch can be a microsecond.
"""

from typing import NamedTuple

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic

from toynet.engines.engine import FARTHEST

# Floating-point licences. FUSED: a * b + c may be rounded once. SUMS: sums may also be
# reordered, else they would not vectorise. Neither lets the compiler assume that numbers
# are finite: the divergence check relies on 0 * inf and 0 * nan being nan.
FUSED = {"contract"}
SUMS = {"contract", "reassoc", "nsz"}

LANES = 8  # doubles per vector, at most
FEW = 16  # batches smaller than this run with units as lanes; half of it up to h = LANES
STAGE = 1024  # samples brought in at once, ahead of their updates
CACHED = 1 << 15  # rows of a data set that are taken to be in some cache
BLOCK = 256  # samples per block, at most: A1 of so many stays in the first cache
HELD = 8  # blocks of a whole data set that are kept between two passes over it, if that is all of them
TANH, SIGMOID, RELU = 0, 1, 2
# As NumPy scalars: Numba would compile a copy of the function for every Python constant.
LEARN, SCORE = np.int64(1), np.int64(2)  # what `_pass_samples` is to do
FINE, DIVERGED = range(2)  # what `advance` returns
_U = np.uint64
IN_ORDER = np.empty(0, np.uint32)
CODES = {"tanh": TANH, "sigmoid": SIGMOID, "relu": RELU}

EPOCH, SAMPLE, READY, RECORDED, UPDATES, ORDERED = range(6)  # entries of `progress`
MEASURED = (  # columns of `history`, under the names that measuring.py gives them
    "epoch", "train_loss", "test_loss", "train_accuracy", "test_accuracy",
    "grad_norm_W1", "grad_norm_b1", "grad_norm_W2", "grad_norm_b2", "grad_norm",
)  # fmt: skip
(
    AT_EPOCH, TRAIN_LOSS, TEST_LOSS, TRAIN_ACCURACY, TEST_ACCURACY, NORM_W1, NORM_B1, NORM_W2, NORM_B2, NORM,
) = range(10)  # fmt: skip
FAR = FARTHEST**2
LOG2_E = 1.4426950408889634
LN2 = 0.6931471805599453
ROUND = 1.5 * 2.0**52 + 1023.0  # adding it rounds to an integer; the low bits are that integer + 1023
E2, E3, E4, E5, E6, E7, E8, E9, E10 = (  # exp(r) = 1 + r + E2 r^2 + ..., error 3e-16 for |r| <= ln(2)/2
    0.49999999999998307, 0.16666666666611105, 0.04166666666814851, 0.008333333371098487, 0.0013888888513942511,
    0.0001984118489411683, 2.4801933131290663e-05, 2.7635147477035245e-06, 2.74766266608024e-07,
)  # fmt: skip


class Network(NamedTuple):
    """theta and gradient (d2 + 3, width), h, and the number of the activation in `CODES`."""

    theta: np.ndarray
    gradient: np.ndarray
    h: int
    activation: int


class Samples(NamedTuple):
    """X (m, d) and y (m,)."""

    X: np.ndarray
    y: np.ndarray


class Stage(NamedTuple):
    """Room for samples that `_gather` brings in: x (blocks, d2, block) and classes (blocks, block)."""

    x: np.ndarray
    classes: np.ndarray


class Room(NamedTuple):
    """Work space where lanes are samples: A (width BLOCK,), Z2 and dC/dZ2 (BLOCK,)."""

    A: np.ndarray
    z2: np.ndarray
    e: np.ndarray


class UnitsRoom(NamedTuple):
    """Work space where lanes are units: A and G (lines, width), and two vectors, for Z2 and dC/dZ2 of the lines."""

    A: np.ndarray
    G: np.ndarray
    z2: np.ndarray
    e: np.ndarray


class Run(NamedTuple):
    """What a call of `advance` leaves to the next.

    The present epoch's order of the rows, (m,) of uint32; the generator; `progress`, and
    `history` (rows, `MEASURED`). `random[0]` is the generator's state (see `_permute`),
    `random[1]` what it was before the order was drawn.
    """

    order: np.ndarray
    random: np.ndarray
    progress: np.ndarray
    history: np.ndarray


TINY = 1e-5  # log(1 + s) is s - s^2 / 2 to a relative error of TINY^2 / 3
MASK32 = np.uint64(0xFFFFFFFF)
PCG_HIGH, PCG_LOW = np.uint64(0x2360ED051FC65DA4), np.uint64(0x4385DF649FCCF645)


# --- elementary functions ------------------------------------------------------------
#
# exp(y) = 2^k exp(r), y = k ln 2 + r with |r| <= ln(2)/2. One rounding of k ln 2 is
# enough: where |y| is large, tanh and sigma hardly depend on it any more.
#
# Written for one number, and for four at a time, step by step: of a long sum of
# products the processor looks only so far ahead, so four that do not depend on each
# other must stand side by side, or it waits. For one number it is the sum's own steps
# that stand side by side, in pairs: one more of them, but fewer in a row.


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _power(shifted):
    """2^k from y * LOG2_E + ROUND, whose low bits are k + 1023: moved to the exponent. 0 for k = -1023."""
    return np.int64(np.float64(shifted).view(np.int64) << 52).view(np.float64)


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _exp_parts(y):
    """s = 2^k and q = exp(r) - 1, so that exp(y) = s + s q, for -709.4 < y < 709.4. nan stays nan (in q)."""
    shifted = y * LOG2_E + ROUND
    r = y - (shifted - ROUND) * LN2
    w = r * r
    w2 = w * w
    low = (E2 + r * E3) + w * (E4 + r * E5)
    high = (E6 + r * E7) + w * ((E8 + r * E9) + w * E10)
    return _power(shifted), r + w * (low + w2 * high)


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _exp_minus_abs(x):
    """exp(-|x|); exactly 0 from |x| = 709 on."""
    y = -abs(x)
    s, q = _exp_parts(-709.2 if y < -709.2 else y)
    return s + s * q


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _twice(z):
    """2z, at most 40 from 0: tanh is 1 to rounding from there on. A nan passes through max and min."""
    return min(max(2.0 * z, -40.0), 40.0)


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _tanh(z):
    """tanh(z) = u / (u + 2) with u = exp(2z) - 1."""
    s, q = _exp_parts(_twice(z))
    u = s * q + (s - 1.0)
    return u / (u + 2.0)


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _sigma(z):
    """1 / (1 + exp(-z)) as in activations.py."""
    e = _exp_minus_abs(z)
    return (1.0 if z >= 0.0 else e) / (1.0 + e)


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _relu(z):
    return 0.0 if z < 0.0 else z  # a nan stays


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _product_plus(a, b, c):
    """a b + c, number by number, of three fours."""
    return a[0] * b[0] + c[0], a[1] * b[1] + c[1], a[2] * b[2] + c[2], a[3] * b[3] + c[3]


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _step(a, b, c):
    """As `_product_plus`, with the same c for all."""
    return a[0] * b[0] + c, a[1] * b[1] + c, a[2] * b[2] + c, a[3] * b[3] + c


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _exp_parts_four(y):
    """`_exp_parts` of four numbers."""
    y0, y1, y2, y3 = y
    t0, t1, t2, t3 = y0 * LOG2_E + ROUND, y1 * LOG2_E + ROUND, y2 * LOG2_E + ROUND, y3 * LOG2_E + ROUND
    k0, k1, k2, k3 = t0 - ROUND, t1 - ROUND, t2 - ROUND, t3 - ROUND
    r = y0 - k0 * LN2, y1 - k1 * LN2, y2 - k2 * LN2, y3 - k3 * LN2
    w = r[0] * r[0], r[1] * r[1], r[2] * r[2], r[3] * r[3]
    even, odd = _step(w, (E10, E10, E10, E10), E8), _step(w, (E9, E9, E9, E9), E7)
    even, odd = _step(w, even, E6), _step(w, odd, E5)
    even, odd = _step(w, even, E4), _step(w, odd, E3)
    even = _step(w, even, E2)
    return (_power(t0), _power(t1), _power(t2), _power(t3)), _product_plus(w, _product_plus(r, odd, even), r)


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _tanh_four(z):
    s, q = _exp_parts_four((_twice(z[0]), _twice(z[1]), _twice(z[2]), _twice(z[3])))
    u0, u1, u2, u3 = _product_plus(s, q, (s[0] - 1.0, s[1] - 1.0, s[2] - 1.0, s[3] - 1.0))
    return u0 / (u0 + 2.0), u1 / (u1 + 2.0), u2 / (u2 + 2.0), u3 / (u3 + 2.0)


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _sigma_four(z):
    return _sigma(z[0]), _sigma(z[1]), _sigma(z[2]), _sigma(z[3])


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _relu_four(z):
    return _relu(z[0]), _relu(z[1]), _relu(z[2]), _relu(z[3])


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _tanh_slope(a):
    return 1.0 - a * a


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _sigma_slope(a):
    return a - a * a


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _relu_slope(a):
    return 1.0 if a > 0.0 else 0.0


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _activate(A, G, rows, columns, activation):
    """Replaces Z1 in A by A1 = g(Z1) and writes g'(Z1) to G; columns in LANES."""
    for j in range(rows):
        if activation == TANH:
            for i in range(LANES * columns):
                A[j, i] = _tanh(A[j, i])
                G[j, i] = _tanh_slope(A[j, i])
        elif activation == SIGMOID:
            for i in range(LANES * columns):
                A[j, i] = _sigma(A[j, i])
                G[j, i] = _sigma_slope(A[j, i])
        else:
            for i in range(LANES * columns):
                A[j, i] = _relu(A[j, i])
                G[j, i] = _relu_slope(A[j, i])


# --- the output unit -----------------------------------------------------------------


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _pad(z2, y, n):
    """Fills the last vector of n samples with sure and right ones: cost and dC/dZ2 exactly 0. Returns its end."""
    end = (n + LANES - 1) // LANES * LANES
    for i in range(n, end):
        z2[i], y[i] = -1e4, 0.0
    return end


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _output(z2, y, n, scale, e):
    """e = dC/dZ2 of n samples, 0 in the padding behind them.

    Returns 0.0, or nan if a Z2 is not finite.
    """
    end = _pad(z2, y, n)
    broken = 0.0
    for i in range(LANES * (end // LANES)):
        broken += z2[i] * 0.0
        e[i] = (_sigma(z2[i]) - y[i]) * scale
    return broken


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _score(z2, y, n, scale, e):
    """As `_output`, and the sum of the samples' costs and how many are classified rightly, from the same exp.

    A cost is max(z, 0) - y z + log(1 + small), its first part as one number: summed up apart, as SUMS
    allows, two huge ones would swallow all others. The logarithms' sum is the logarithm of one product,
    at most 2^BLOCK; terms too small for a sum with 1 are added as they are.
    """
    end = _pad(z2, y, n)
    broken = cost = right = 0.0
    product = 1.0
    for i in range(LANES * (end // LANES)):
        z = z2[i]
        small = _exp_minus_abs(z)
        one = 1.0 + small
        broken += z * 0.0
        is_tiny = small < TINY
        product *= 1.0 if is_tiny else one
        wrong = (1.0 - 2.0 * y[i]) * z
        cost += (0.0 if wrong < 0.0 else wrong) + (small - 0.5 * small * small if is_tiny else 0.0)
        right += 1.0 if (1.0 if z >= 0.0 else 0.0) == y[i] else 0.0
        e[i] = ((1.0 if z >= 0.0 else small) / one - y[i]) * scale
    return broken, cost + np.log(product), right - (end - n)


# --- the rule of the update ----------------------------------------------------------


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _moved(p, g, eta):
    """Where an update takes a parameter whose derivative is g."""
    return p - eta * g


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _nought(p):
    """0.0, but nan if p is not finite: sums of it tell of many numbers at once whether all are.

    On its own because of FUSED: where sums may be reordered, the compiler would add the
    numbers up before it multiplies, and two could cancel or overflow that should not.
    """
    return p * 0.0


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _square(p):
    """Of a parameter: sums of it tell whether all of them together are within `FARTHEST`."""
    return p * p


# --- samples gathered ahead ----------------------------------------------------------


@njit(error_model="numpy", fastmath=SUMS)
def _gather(X, y, order, position, stop, batch, left, x, classes):
    """Brings the samples from `position` up to `stop` in, as many as there is room for.

    Block q of x, (blocks, d2, block), holds samples as columns, and classes[q] theirs. A block has
    samples of one batch only. Gathering many at once is what makes a large data set
    affordable: the processor waits for all of these rows together, not for one each.

    Parameters
    ----------
    order : ndarray of uint32
        The rows in their order; if empty, as they are.
    left : int
        Samples of the first batch that are still to come.
    """
    d, width = X.shape[1], x.shape[2]
    for q in range(x.shape[0]):
        if position >= stop:
            break
        n = min(width, left, stop - position)
        if order.size > 0:
            for i in range(n):
                classes[q, i] = y[order[position + i]]
            for k in range(d):
                for i in range(n):
                    x[q, k, i] = X[order[position + i], k]
        else:
            for i in range(n):
                classes[q, i] = y[position + i]
            for k in range(d):
                for i in range(n):
                    x[q, k, i] = X[position + i, k]
        for k in range(d):
            for i in range(n, min(width, n + LANES)):
                x[q, k, i] = 0.0
        position += n
        left = batch if left == n else left - n


@intrinsic
def _prefetch(typing, array, index):
    """Asks for the cache line of array.flat[index], for use soon; another instruction that has no name in Python."""

    def generate(context, builder, signature, arguments):
        data = context.make_array(signature.args[0])(context, builder, arguments[0]).data
        place = builder.bitcast(builder.gep(data, [arguments[1]]), ir.IntType(8).as_pointer())
        whole = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, whole, whole, whole])
        prefetch = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(prefetch, [place, whole(0), whole(2), whole(1)])  # to read, second cache, data
        return context.get_dummy_value()

    return types.none(array, types.int64), generate


@njit(error_model="numpy", forceinline=True)
def _ask_ahead(X, y, order, position, n):
    """Has the rows of n samples fetched that `_gather` will want a stage after `position`.

    Of a large data set hardly a row is in a cache, and a stage full of them takes longer
    to fetch than to train on: so they are asked for while the stage before is trained on.
    """
    if order.size > CACHED:
        first = position + STAGE
        for i in range(first, min(first + n, order.size)):
            row = np.int64(order[i])
            _prefetch(y, row)
            _prefetch(X, row * X.shape[1])


# --- vector lanes are samples --------------------------------------------------------
#
# A1 is a flat array here, unit j's row from j BLOCK on: with a length of rows that is
# known when compiling, loops over four rows at once vectorise. Four units share one
# visit to the inputs, and are padded with zeros where h is not a multiple of four.
# Indices are unsigned because of signed ones the compiler fears that they wrap around.


def _forward_of(g):
    """`_forward_samples` for one activation."""

    @njit(error_model="numpy", fastmath=SUMS, forceinline=True)
    def forward(theta, d2, h, x, n, A, z2):
        for i in range(LANES * n):
            z2[i] = theta[d2 + 2, 0]
        for j in range(0, h, 4):
            a, b, c, d = j * BLOCK, (j + 1) * BLOCK, (j + 2) * BLOCK, (j + 3) * BLOCK
            v0, v1, v2, v3 = theta[d2, j], theta[d2, j + 1], theta[d2, j + 2], theta[d2, j + 3]
            for k in range(0, d2, 2):  # two inputs at a time: half the passes over A
                p0, p1, p2, p3 = theta[k, j], theta[k, j + 1], theta[k, j + 2], theta[k, j + 3]
                q0, q1, q2, q3 = theta[k + 1, j], theta[k + 1, j + 1], theta[k + 1, j + 2], theta[k + 1, j + 3]
                if k == 0:
                    for i in range(LANES * n):
                        r, s = x[0, i], x[1, i]
                        A[_U(a + i)] = v0 + (p0 * r + q0 * s)
                        A[_U(b + i)] = v1 + (p1 * r + q1 * s)
                        A[_U(c + i)] = v2 + (p2 * r + q2 * s)
                        A[_U(d + i)] = v3 + (p3 * r + q3 * s)
                else:
                    for i in range(LANES * n):
                        r, s = x[k, i], x[k + 1, i]
                        A[_U(a + i)] += p0 * r + q0 * s
                        A[_U(b + i)] += p1 * r + q1 * s
                        A[_U(c + i)] += p2 * r + q2 * s
                        A[_U(d + i)] += p3 * r + q3 * s
            w0, w1, w2, w3 = theta[d2 + 1, j], theta[d2 + 1, j + 1], theta[d2 + 1, j + 2], theta[d2 + 1, j + 3]
            for i in range(LANES * n):
                g0, g1, g2, g3 = g((A[_U(a + i)], A[_U(b + i)], A[_U(c + i)], A[_U(d + i)]))
                A[_U(a + i)], A[_U(b + i)], A[_U(c + i)], A[_U(d + i)] = g0, g1, g2, g3
                z2[i] += (w0 * g0 + w1 * g1) + (w2 * g2 + w3 * g3)

    return forward


def _backward_of(slope):
    """`_backward_samples` for one activation, g' as a function of A1."""

    @njit(error_model="numpy", fastmath=SUMS, forceinline=True)
    def backward(theta, gradient, d2, h, x, n, A, e):
        for i in range(LANES * n):
            gradient[d2 + 2, 0] += e[i]
        for j in range(0, h, 4):
            a, b, c, d = j * BLOCK, (j + 1) * BLOCK, (j + 2) * BLOCK, (j + 3) * BLOCK
            w0, w1, w2, w3 = theta[d2 + 1, j], theta[d2 + 1, j + 1], theta[d2 + 1, j + 2], theta[d2 + 1, j + 3]
            o0 = o1 = o2 = o3 = p0 = p1 = p2 = p3 = q0 = q1 = q2 = q3 = r0 = r1 = r2 = r3 = 0.0
            for i in range(LANES * n):
                f, u, v = e[i], x[0, i], x[1, i]
                g0, g1, g2, g3 = A[_U(a + i)], A[_U(b + i)], A[_U(c + i)], A[_U(d + i)]
                o0 += f * g0
                o1 += f * g1
                o2 += f * g2
                o3 += f * g3
                g0, g1, g2, g3 = f * slope(g0), f * slope(g1), f * slope(g2), f * slope(g3)
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
            _add_four(gradient, d2 + 1, j, o0, o1, o2, o3)
            _add_four(gradient, d2, j, w0 * p0, w1 * p1, w2 * p2, w3 * p3)
            _add_four(gradient, 0, j, w0 * q0, w1 * q1, w2 * q2, w3 * q3)
            _add_four(gradient, 1, j, w0 * r0, w1 * r1, w2 * r2, w3 * r3)
            for k in range(2, d2, 2):
                q0 = q1 = q2 = q3 = r0 = r1 = r2 = r3 = 0.0
                for i in range(LANES * n):
                    u, v = e[i] * x[k, i], e[i] * x[k + 1, i]
                    g0, g1, g2, g3 = slope(A[_U(a + i)]), slope(A[_U(b + i)]), slope(A[_U(c + i)]), slope(A[_U(d + i)])
                    q0 += u * g0
                    q1 += u * g1
                    q2 += u * g2
                    q3 += u * g3
                    r0 += v * g0
                    r1 += v * g1
                    r2 += v * g2
                    r3 += v * g3
                _add_four(gradient, k, j, w0 * q0, w1 * q1, w2 * q2, w3 * q3)
                _add_four(gradient, k + 1, j, w0 * r0, w1 * r1, w2 * r2, w3 * r3)

    return backward


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _add_four(gradient, row, j, s0, s1, s2, s3):
    gradient[row, j] += s0
    gradient[row, j + 1] += s1
    gradient[row, j + 2] += s2
    gradient[row, j + 3] += s3


_forward_tanh, _forward_sigmoid, _forward_relu = (
    _forward_of(_tanh_four),
    _forward_of(_sigma_four),
    _forward_of(_relu_four),
)
_backward_tanh, _backward_sigmoid, _backward_relu = (
    _backward_of(_tanh_slope),
    _backward_of(_sigma_slope),
    _backward_of(_relu_slope),
)


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _forward_samples(theta, d2, h, x, n, A, z2, activation):
    """A1, and Z2 of n LANES samples, the columns of x."""
    if activation == TANH:
        _forward_tanh(theta, d2, h, x, n, A, z2)
    elif activation == SIGMOID:
        _forward_sigmoid(theta, d2, h, x, n, A, z2)
    else:
        _forward_relu(theta, d2, h, x, n, A, z2)


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _backward_samples(theta, gradient, d2, h, x, n, A, e, activation):
    """Adds a block's gradient."""
    if activation == TANH:
        _backward_tanh(theta, gradient, d2, h, x, n, A, e)
    elif activation == SIGMOID:
        _backward_sigmoid(theta, gradient, d2, h, x, n, A, e)
    else:
        _backward_relu(theta, gradient, d2, h, x, n, A, e)


@njit(error_model="numpy", fastmath=SUMS)
def _pass_samples(network, samples, stage, room, task):
    """Runs all rows of a data set through the network, a block at a time.

    Parameters
    ----------
    network : Network
        Its gradient is overwritten if LEARN.
    samples : Samples
    stage : Stage
        If it has room for all samples, it holds them.
    room : Room
    task : int
        LEARN (compute the gradient), SCORE (cost and hits), or both added.

    Returns
    -------
    cost, right : float
        Sums over the samples, 0 without SCORE.
    """
    theta, gradient, h, activation = network
    X, y = samples
    x, classes = stage
    A, z2, e = room
    m, d2 = y.size, theta.shape[0] - 3
    learn, score = task & LEARN, task & SCORE
    cost = right = broken = 0.0
    if learn != 0:
        gradient[:] = 0.0
    held = m <= classes.size
    q = 0
    for first in range(0, m, BLOCK):
        if q == classes.shape[0]:
            q = 0
        if q == 0 and not held:
            _gather(X, y, IN_ORDER, first, m, m, m - first, x, classes)
        n = min(BLOCK, m - first)
        whole = (n + LANES - 1) // LANES
        _forward_samples(theta, d2, h, x[q], whole, A, z2, activation)
        if score != 0:
            b, c, r = _score(z2, classes[q], n, 1.0 / m, e)
            cost += c
            right += r
        else:
            b = _output(z2, classes[q], n, 1.0 / m, e)
        broken += b
        if learn != 0:
            _backward_samples(theta, gradient, d2, h, x[q], whole, A, e, activation)
        q += 1
    if learn != 0:
        gradient[d2 + 2, 1] = broken
    return cost, right


@njit(error_model="numpy", fastmath=SUMS)
def _descend_batches(network, samples, order, stage, room, start, stop, batch, eta):
    """One update per batch of order[start : stop]. Returns where it ended, before `stop` if an update is refused."""
    theta, gradient, h, activation = network
    X, y = samples
    theta_flat, gradient_flat = theta.reshape(theta.size), gradient.reshape(theta.size)
    d2 = theta.shape[0] - 3
    x, classes = stage
    A, z2, e = room
    block = classes.shape[1]
    q = classes.shape[0]
    for position in range(start, stop, batch):
        size = min(batch, stop - position)
        _ask_ahead(X, y, order, position, size)
        gradient[:] = 0.0
        broken = 0.0
        for first in range(0, size, block):
            if q == classes.shape[0]:
                _gather(X, y, order, position + first, stop, batch, batch - first, x, classes)
                q = 0
            n = min(block, size - first)
            whole = (n + LANES - 1) // LANES
            _forward_samples(theta, d2, h, x[q], whole, A, z2, activation)
            broken += _output(z2, classes[q], n, 1.0 / size, e)
            _backward_samples(theta, gradient, d2, h, x[q], whole, A, e, activation)
            q += 1
        gradient[d2 + 2, 1] = broken
        if not _update(theta_flat, gradient_flat, eta):
            return position
    return stop


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _update(theta, gradient, eta):
    """theta -= eta gradient, unless that is beyond `FARTHEST` or a Z2 behind it not finite; flat arrays. Returns
    whether it did.

    The entry beside b2's derivative is nan if a Z2 was not finite, else 0, and no part of the norm.
    """
    far = 0.0
    for i in range(LANES * (theta.size // LANES)):
        far += _square(_moved(theta[i], gradient[i], eta))
    if not far <= FAR:  # nor where it is nan
        return False
    for i in range(LANES * (theta.size // LANES)):
        theta[i] = _moved(theta[i], gradient[i], eta)
    return True


# --- vector lanes are hidden units ---------------------------------------------------


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _forward_units(theta, d2, tiles, x, n, A, G, A_flat, G_flat, z2, activation):
    """A1 and g'(Z1), (n, width), and Z2 of n samples, the columns of x; n a multiple of 4."""
    for i in range(n):
        x0, x1 = x[0, i], x[1, i]
        for j in range(LANES * tiles):
            A[i, j] = theta[d2, j] + (x0 * theta[0, j] + x1 * theta[1, j])
        for k in range(2, d2, 2):
            x0, x1 = x[k, i], x[k + 1, i]
            for j in range(LANES * tiles):
                A[i, j] += x0 * theta[k, j] + x1 * theta[k + 1, j]
    _activate(A_flat, G_flat, 1, n * tiles, activation)
    b2 = theta[d2 + 2, 0]
    for i in range(0, n, 4):
        p = q = r = s = 0.0
        for j in range(LANES * tiles):
            w = theta[d2 + 1, j]
            p += w * A[i, j]
            q += w * A[i + 1, j]
            r += w * A[i + 2, j]
            s += w * A[i + 3, j]
        z2[i], z2[i + 1], z2[i + 2], z2[i + 3] = p + b2, q + b2, r + b2, s + b2


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _add_units(gradient, row, tiles, c0, c1, c2, c3, A, i):
    """Adds c0 A[i] + c1 A[i + 1] + c2 A[i + 2] + c3 A[i + 3] to a row of the gradient."""
    for j in range(LANES * tiles):
        gradient[row, j] += (c0 * A[i, j] + c1 * A[i + 1, j]) + (c2 * A[i + 2, j] + c3 * A[i + 3, j])


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _backward_units(theta, gradient, d2, tiles, x, n, A, G, e):
    """The gradient; four samples at a time, a quarter of the passes over it. The factor W2 comes last, once."""
    gradient[:] = 0.0
    for i in range(0, n, 4):
        e0, e1, e2, e3 = e[i], e[i + 1], e[i + 2], e[i + 3]
        gradient[d2 + 2, 0] += (e0 + e1) + (e2 + e3)
        _add_units(gradient, d2 + 1, tiles, e0, e1, e2, e3, A, i)
        _add_units(gradient, d2, tiles, e0, e1, e2, e3, G, i)
        for k in range(d2):
            _add_units(gradient, k, tiles, e0 * x[k, i], e1 * x[k, i + 1], e2 * x[k, i + 2], e3 * x[k, i + 3], G, i)
    for k in range(d2 + 1):
        for j in range(LANES * tiles):
            gradient[k, j] *= theta[d2 + 1, j]


@njit(error_model="numpy", fastmath=SUMS)
def _descend_few(network, samples, order, stage, room, start, stop, batch, eta):
    """As `_descend_batches`, for batches of a few samples, which are one block each."""
    theta, gradient, _, activation = network
    X, y = samples
    theta_flat, gradient_flat = theta.reshape(theta.size), gradient.reshape(theta.size)
    d2, tiles = theta.shape[0] - 3, theta.shape[1] // LANES
    x, classes = stage
    A, G, z2, e = room
    A_flat, G_flat = A.reshape((1, A.size)), G.reshape((1, G.size))
    q = classes.shape[0]
    for position in range(start, stop, batch):
        if q == classes.shape[0]:
            _gather(X, y, order, position, stop, batch, batch, x, classes)
            q = 0
        n = min(batch, stop - position)
        _ask_ahead(X, y, order, position, n)
        whole = (n + 3) // 4 * 4
        _forward_units(theta, d2, tiles, x[q], whole, A, G, A_flat, G_flat, z2, activation)
        broken = _output(z2, classes[q], n, 1.0 / n, e)
        _backward_units(theta, gradient, d2, tiles, x[q], whole, A, G, e)
        gradient[d2 + 2, 1] = broken
        if not _update(theta_flat, gradient_flat, eta):
            return position
        q += 1
    return stop


# --- one sample per update -----------------------------------------------------------


# An update can't start before the one before it ends, so what it costs is its longest
# chain of steps, each of which waits for the last. Hence Z1, A1 and their part of Z2 in
# one loop, not by way of an array; and whatever doesn't depend on dC/dZ2 comes before
# it, so that only a product and a difference are left after it.


@njit(error_model="numpy", fastmath=FUSED, forceinline=True)
def _slope(a, activation):
    """g'(Z1) from A1."""
    if activation == TANH:
        return _tanh_slope(a)
    return _sigma_slope(a) if activation == SIGMOID else _relu_slope(a)


@njit(error_model="numpy", fastmath=SUMS)
def _descend_singles(network, samples, order, stage, room, start, stop, eta):
    """One update per sample of order[start : stop]. Returns where it ended, before `stop` if an update is refused.

    Where theta is changed every row of it has its own loop: in one loop over all rows
    the compiler would have to check at run time that no two of them overlap, and gives up
    on short rows. Where it is only read one loop will do. All in one function: to hand
    arrays to another one for every sample, even inlined, would count them in and out.
    """
    theta, _, _, activation = network
    X, y = samples
    d = X.shape[1]
    d2, tiles = theta.shape[0] - 3, theta.shape[1] // LANES
    columns, classes = stage
    A, G, x, rest = room  # rest: what the third input and on add to Z1, else 0
    q = classes.shape[1]
    for position in range(start, stop):
        if q == classes.shape[1]:
            _gather(X, y, order, position, stop, stop, stop - position, columns, classes)
            q = 0
        _ask_ahead(X, y, order, position, 1)
        for k in range(d):
            x[k] = columns[0, k, q]
        if d2 > 2:
            for j in range(LANES * tiles):
                rest[j] = x[2] * theta[2, j] + x[3] * theta[3, j]
            for k in range(4, d2, 2):
                for j in range(LANES * tiles):
                    rest[j] += x[k] * theta[k, j] + x[k + 1] * theta[k + 1, j]

        x0, x1, z2 = x[0], x[1], 0.0
        if activation == TANH:
            for j in range(LANES * tiles):
                A[0, j] = a = _tanh(rest[j] + (theta[d2, j] + x0 * theta[0, j] + x1 * theta[1, j]))
                z2 += theta[d2 + 1, j] * a
        elif activation == SIGMOID:
            for j in range(LANES * tiles):
                A[0, j] = a = _sigma(rest[j] + (theta[d2, j] + x0 * theta[0, j] + x1 * theta[1, j]))
                z2 += theta[d2 + 1, j] * a
        else:
            for j in range(LANES * tiles):
                A[0, j] = a = _relu(rest[j] + (theta[d2, j] + x0 * theta[0, j] + x1 * theta[1, j]))
                z2 += theta[d2 + 1, j] * a
        z2 += theta[d2 + 2, 0]
        # The gradients of Z2 by W2, b1 and W1 are A, G and x G; the cost's are dC/dZ2 times these.
        for j in range(LANES * tiles):
            G[0, j] = _slope(A[0, j], activation) * theta[d2 + 1, j]
        step = eta * (_sigma(z2) - classes[0, q])
        q += 1

        far = _nought(z2) + _square(_moved(theta[d2 + 2, 0], 1.0, step))
        for j in range(LANES * tiles):
            far += _square(_moved(theta[d2 + 1, j], A[0, j], step)) + _square(_moved(theta[d2, j], G[0, j], step))
        for k in range(d):
            for j in range(LANES * tiles):
                far += _square(_moved(theta[k, j], x[k] * G[0, j], step))
        if not far <= FAR:  # nor where it is nan
            return position

        theta[d2 + 2, 0] = _moved(theta[d2 + 2, 0], 1.0, step)
        for j in range(LANES * tiles):
            theta[d2 + 1, j] = _moved(theta[d2 + 1, j], A[0, j], step)
        for j in range(LANES * tiles):
            theta[d2, j] = _moved(theta[d2, j], G[0, j], step)
        for k in range(d):
            for j in range(LANES * tiles):
                theta[k, j] = _moved(theta[k, j], x[k] * G[0, j], step)
    return stop


# --- permutations --------------------------------------------------------------------


@intrinsic
def _product_high(typing, a, b):
    """The upper half of the 128-bit product of two uint64: one instruction, which neither NumPy nor Numba names."""

    def generate(context, builder, signature, arguments):
        wide = ir.IntType(128)
        a, b = (builder.zext(argument, wide) for argument in arguments)
        return builder.trunc(builder.lshr(builder.mul(a, b), wide(64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), generate


@njit(forceinline=True)
def _pcg_step(high, low, inc_high, inc_low):
    """The 128-bit state times PCG's multiplier plus the increment, in 64-bit words."""
    high = high * PCG_LOW + low * PCG_HIGH + _product_high(low, PCG_LOW)
    low = low * PCG_LOW + inc_low
    return high + inc_high + np.uint64(low < inc_low), low


@njit
def _permute(order, random):
    """order = rng.permutation(m), bit for bit, and the generator's state afterwards.

    NumPy's algorithm with PCG64 written into the loop, several times as fast as calling
    it: Fisher-Yates from the end, where 32 random bits under a mask are drawn until they
    are no larger than i. A rejected draw swaps i with itself, since a branch that a third
    of the draws takes at random would cost more than the swap.

    Parameters
    ----------
    order : ndarray (m,) of uint32
    random : ndarray (6,) of uint64
        State and increment of PCG64, high and low word each, whether half a number is
        left over, and that half.
    """
    high, low, inc_high, inc_low, has_half, half = random
    for i in range(order.size):
        order[i] = i
    i = order.size - 1
    mask = 1
    while mask < i:
        mask = 2 * mask + 1
    while i > 0:
        while i > mask >> 1:
            if has_half:
                draw = half
                has_half = np.uint64(0)
            else:
                high, low = _pcg_step(high, low, inc_high, inc_low)
                word = high ^ low
                turn = high >> np.uint64(58)
                word = (word >> turn) | (word << ((np.uint64(64) - turn) & np.uint64(63)))
                draw, half = word & MASK32, word >> np.uint64(32)
                has_half = np.uint64(1)
            value = np.int64(draw) & mask
            j = value if value <= i else i
            order[i], order[j] = order[j], order[i]
            i -= value <= i
        mask >>= 1
    random[0], random[1], random[4], random[5] = high, low, has_half, half


# --- epochs --------------------------------------------------------------------------


@njit(error_model="numpy", fastmath=SUMS, forceinline=True)
def _measure(network, train, train_stage, test, test_stage, room, row):
    """One row of `history` but its epoch; leaves the gradient over all training rows. Returns whether it is finite."""
    theta, gradient, _, _ = network
    m, m_test, d2, tiles = train.y.size, test.y.size, theta.shape[0] - 3, theta.shape[1] // LANES
    cost, right = _pass_samples(network, train, train_stage, room, LEARN | SCORE)
    row[TRAIN_LOSS], row[TRAIN_ACCURACY] = cost / m, right / m
    cost, right = _pass_samples(network, test, test_stage, room, SCORE)
    row[TEST_LOSS], row[TEST_ACCURACY] = cost / m_test, right / m_test  # nan if there are none
    W1 = b1 = W2 = 0.0
    b2 = gradient[d2 + 2, 0] ** 2
    for k in range(d2):
        for j in range(LANES * tiles):
            W1 += gradient[k, j] ** 2
    for j in range(LANES * tiles):
        b1 += gradient[d2, j] ** 2
        W2 += gradient[d2 + 1, j] ** 2
    row[NORM_W1], row[NORM_B1], row[NORM_W2], row[NORM_B2] = np.sqrt(W1), np.sqrt(b1), np.sqrt(W2), np.sqrt(b2)
    row[NORM] = np.sqrt(W1 + b1 + W2 + b2)
    return (row[TRAIN_LOSS] + row[NORM] + (row[TEST_LOSS] if m_test > 0 else 0.0)) * 0.0 == 0.0


@njit(error_model="numpy")
def _room(size):
    """Zeros that start at a cache line: vectors that straddle two lines take half as long again."""
    raw = np.zeros(size + LANES)
    first = -(raw.ctypes.data // 8) % LANES
    return raw[first : first + size]


@njit(error_model="numpy")
def _stage(d2, blocks, block):
    """An empty `Stage`."""
    return Stage(
        _room(blocks * d2 * block).reshape((blocks, d2, block)), _room(blocks * block).reshape((blocks, block))
    )


@njit(error_model="numpy")
def _units_room(d2, lines, width):
    """A `UnitsRoom` for so many samples at once."""
    shape = (lines, width)
    A, G = _room(lines * width).reshape(shape), _room(lines * width).reshape(shape)
    return UnitsRoom(A, G, _room(max(d2, lines)), _room(max(width, lines)))


@njit(error_model="numpy")
def _whole_stage(samples, d2):
    """The `Stage` of `_pass_samples`, filled if it can hold all samples."""
    X, y = samples
    stage = _stage(d2, min(HELD, max(1, -(-y.size // BLOCK))), BLOCK)
    if y.size <= stage.classes.size:
        _gather(X, y, IN_ORDER, 0, y.size, y.size, y.size, stage.x, stage.classes)
    return stage


@njit(nogil=True, cache=True, error_model="numpy")
def advance(network, train, test, run, batch, eta, updates, record_every):
    """Does up to `updates` updates, in place.

    Parameters
    ----------
    network : Network
    train, test : Samples
    run : Run
    batch : int
        Samples an update; 0 for all, in no order.
    eta : float
    updates, record_every : int

    Returns
    -------
    int
        FINE; DIVERGED: an update was refused, since the parameters would have been beyond
        `FARTHEST` or a Z2 behind them not finite. An epoch whose loss or gradient is not finite has no row.
    """
    theta, gradient, h, _ = network
    order, random, progress, history = run
    m = train.y.size
    d2, width = theta.shape[0] - 3, theta.shape[1]
    size = m if batch == 0 else batch
    few = FEW if h > LANES else FEW // 2
    whole, test_whole = _whole_stage(train, d2), _whole_stage(test, d2)
    room = Room(_room(width * BLOCK), _room(BLOCK), _room(BLOCK))
    # The blocks of a batch: as few as possible, equally long, whole vectors.
    block = -(-size // (-(-size // BLOCK) * LANES)) * LANES
    lines = 1  # of A and G
    if batch == 1:
        block = STAGE
    elif batch < few:
        lines = block
    stage, units_room = _stage(d2, STAGE // block, block), _units_room(d2, lines, width)
    while updates > 0 and (record_every == 0 or progress[RECORDED] < history.shape[0]):
        start = progress[SAMPLE]
        stop = min(m, start + updates * size)
        if batch > 0 and (start == 0 or progress[ORDERED] == 0):
            random[1] = random[0]
            _permute(order, random[0])
            progress[ORDERED] = 1
        if batch == 1:
            position = _descend_singles(network, train, order, stage, units_room, start, stop, eta)
        elif 1 < batch < few:
            position = _descend_few(network, train, order, stage, units_room, start, stop, batch, eta)
        elif batch > 0:
            position = _descend_batches(network, train, order, stage, room, start, stop, batch, eta)
        else:
            if progress[READY] == 0:
                _pass_samples(network, train, whole, room, LEARN)
            progress[READY] = 0
            position = m if _update(theta.reshape(theta.size), gradient.reshape(theta.size), eta) else 0
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
