"""Verdicts: right numbers, honest words, and wrong no more often than they say."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from toynet.many.luck import ALPHA, BOOTSTRAP_FROM, FLIPS, chances, holm, intervals
from toynet.many.verdict import against, verdict
from toynet.many.wording import sizes, times

pytestmark = pytest.mark.filterwarnings("error")

B = np.array([0.31, 0.28, 0.35, 0.30, 0.27, 0.33, 0.29, 0.32, 0.36, 0.26])
DIFFERENCES = np.array([-0.02, -0.05, 0.01, -0.03, -0.02, -0.01, -0.04, 0.0, -0.03, -0.02])


def share_as_far(differences):
    """Of all signs the share that bring the sum as far from zero: whole numbers, so there is no rounding."""
    flips = np.array(list(product((-1, 1), repeat=len(differences))))
    return np.mean(np.abs(flips @ differences) >= abs(sum(differences)))


# --- chances ----------------------------------------------------------------------------


def test_the_chance_counts_sign_flips():
    # All of one sign: only that and its mirror image are as far, 2 of 64.
    assert verdict([1, 2, 3, 4, 5, 6], [0] * 6).p == 2 / 64
    # The sum is 19. Signs that take away 1 in all: none, -1 or the other way round. As far: {}, {1}, each mirrored.
    assert verdict([-1, 2, 3, 4, 5, 6], [0] * 6).p == 4 / 64
    # The sum is 17: what is turned may sum to at most 2: {}, {1}, {2}.
    assert verdict([1, -2, 3, 4, 5, 6], [0] * 6).p == 6 / 64


def test_up_to_sixteen_pairs_every_flip_is_made():
    assert verdict(np.arange(1.0, 17.0), np.zeros(16)).p == 2 / 2**16
    assert "all 65,536" in verdict(np.arange(1.0, 17.0), np.zeros(16)).method
    assert "random" in verdict(np.arange(1.0, 18.0), np.zeros(17)).method


@pytest.mark.parametrize("k", [6, 9, 12])
def test_chances_are_those_of_counting_every_flip(k):
    whole = np.random.default_rng(k).integers(-9, 10, (k, 8))
    counted = [share_as_far(column) for column in whole.T]
    np.testing.assert_array_equal(chances(whole / 1.0), counted)
    # Tenths do not add up to the last bit: ties must count nevertheless.
    np.testing.assert_array_equal(chances(whole / 10.0 + 0.0), counted)
    assert [verdict(0.7 + column / 10.0, np.full(k, 0.7)).p for column in whole.T] == counted


def test_ties_survive_rounding():
    a = np.array([0.4 + 0.1] * 3 + [0.8 - 0.3] * 3 + [0.5] * 2)
    assert verdict(a, np.full(8, 0.2)).p == 2 / 2**8
    assert verdict(0.1 + B, B).p == 2 / 2**10
    tiny = 1e-15 * np.arange(1, 11)
    assert verdict(1.0 + tiny, np.ones(10)).p == 1.0, "differences of rounding are none"


def test_of_many_pairs_random_flips_and_the_observed_one_count():
    found = verdict(np.arange(1.0, 31.0), np.zeros(30))
    assert found.p == 1 / (FLIPS + 1) and "random" in found.method
    some = np.random.default_rng(0).integers(-9, 13, (20, 3))
    sums = np.zeros((3, 601))  # the distribution of the sum over all 2^20 flips, pair by pair
    sums[:, 300] = 1.0
    for pair in some:
        sums = np.stack([(np.roll(row, d) + np.roll(row, -d)) / 2 for row, d in zip(sums, pair, strict=True)])
    as_far = np.abs(np.arange(-300, 301)) >= np.abs(some.sum(axis=0))[:, None]
    np.testing.assert_allclose(chances(some), (sums * as_far).sum(axis=1), atol=5 * 0.5 / np.sqrt(FLIPS))
    np.testing.assert_array_equal(chances(some), chances(some))


def test_swapping_a_and_b_turns_the_verdict_round():
    one, other = verdict(B + DIFFERENCES, B), verdict(B, B + DIFFERENCES)
    assert one.p == other.p and one.difference == -other.difference
    np.testing.assert_allclose([one.low, one.high], [-other.high, -other.low], atol=1e-3)


KINDS = {
    "normal": lambda rng, k, n: rng.normal(size=(k, n)),
    "skewed, exchanged": lambda rng, k, n: rng.exponential(size=(k, n)) ** 2 - rng.exponential(size=(k, n)) ** 2,
    "heavy tails": lambda rng, k, n: rng.standard_t(1, size=(k, n)),
    "ties": lambda rng, k, n: rng.integers(-1, 2, (k, n)) / 10.0,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [6, 8, 10])
def test_luck_is_taken_for_a_difference_no_more_often_than_said(k, kind):
    n = 4000
    ps = chances(KINDS[kind](np.random.default_rng(k), k, n), 1e-12)
    for alpha in (0.01, 0.05, 0.2):
        assert np.mean(ps <= alpha) <= alpha + 3 * np.sqrt(alpha * (1 - alpha) / n)


def test_among_many_comparisons_any_luck_is_taken_for_a_difference_no_more_often_than_said():
    rng, sweeps, cells = np.random.default_rng(5), 400, 20
    # All against the same cell, as in a sweep, so that comparisons depend on each other; 12 seeds, for 2/2^12 times 20
    # is below alpha.
    losses = rng.gamma(2.0, size=(12, sweeps, cells + 1))
    ps = chances((losses[:, :, 1:] - losses[:, :, :1]).reshape(12, -1)).reshape(sweeps, cells)
    wrong = np.mean([(holm(row) <= ALPHA).any() for row in ps])
    assert wrong <= ALPHA + 3 * np.sqrt(ALPHA * (1 - ALPHA) / sweeps)
    assert np.mean((ps <= ALPHA).any(axis=1)) > 0.2, "without Holm it would be"


def test_a_real_difference_is_found():
    rng = np.random.default_rng(0)
    assert np.mean(chances(rng.normal(1.5, 1.0, (10, 500))) <= ALPHA) > 0.9


# --- intervals --------------------------------------------------------------------------


def test_of_few_seeds_the_interval_is_students():
    found = verdict((B + DIFFERENCES)[:8], B[:8])
    expected = stats.ttest_1samp(DIFFERENCES[:8], 0.0).confidence_interval()
    np.testing.assert_allclose([found.low, found.high], expected)
    assert "Student" in found.method


def test_from_ten_seeds_on_it_is_bootstrapped():
    found = verdict(B + DIFFERENCES, B)
    expected = stats.bootstrap((DIFFERENCES,), np.mean, n_resamples=50_000, method="BCa", rng=1).confidence_interval
    np.testing.assert_allclose([found.low, found.high], expected, atol=1e-3)
    assert "BCa" in found.method and found.low < found.difference < found.high


@pytest.mark.parametrize(("k", "least", "most"), [(6, 0.93, 0.97), (10, 0.86, 0.93), (20, 0.90, 0.96)])
def test_intervals_hold_the_mean_about_as_often_as_the_docstring_says(k, least, most):
    low, high = intervals(np.random.default_rng(k).normal(size=(k, 600)))
    assert least <= np.mean((low <= 0) & (high >= 0)) <= most


@pytest.mark.parametrize("k", [6, BOOTSTRAP_FROM, 20])
@pytest.mark.parametrize(
    "differences",
    [
        np.zeros,
        np.ones,
        lambda k: 1.0 * (np.arange(k) == 0),
        lambda k: np.arange(k) % 2.0,
        lambda k: 1e-17 * np.arange(k),
    ],
    ids=["none", "all equal", "one differs", "two values", "rounding"],
)
def test_degenerate_differences_have_numbers_and_words(differences, k):
    some = np.resize(B, k)
    found = verdict(some + differences(k), some)
    assert np.isfinite([found.difference, found.low, found.high, found.p]).all()
    assert found.low <= found.difference <= found.high and 0.0 < found.p <= 1.0
    assert "nan" not in found.words.lower() and "inf" not in found.words


@pytest.mark.parametrize("factor", [1e-310, 1e-200, 1e-30, 1e30, 1e149])
def test_losses_of_any_size_can_be_compared(factor):
    found, usual = verdict((B + DIFFERENCES) * factor, B * factor), verdict(B + DIFFERENCES, B)
    assert found.p == usual.p
    np.testing.assert_allclose(found.low / factor, usual.low, rtol=1e-3)
    assert f"e{np.log10(abs(found.difference)) - 0.5:.0f} (95 %" in found.words and "nan" not in found.words


# --- no verdict -------------------------------------------------------------------------


def test_fewer_than_six_pairs_have_no_verdict_and_are_told_why():
    for k, least in ((5, "2/2^5 = 0.0625"), (2, "2/2^2 = 0.5"), (1, "2/2^1 = 1")):
        found = verdict(B[:k] - 0.1, B[:k])
        assert not found.is_told_apart and found.words.startswith("No verdict") and least in found.words
        assert found.difference == pytest.approx(-0.1) and np.isnan([found.p, found.low]).all()
    assert verdict(B[:6] - 0.1, B[:6]).is_told_apart


def test_without_held_back_samples_there_is_no_verdict():
    found = verdict(np.full(10, np.nan), np.full(10, np.nan), names=("h = 4", "h = 8"))
    assert "No verdict" in found.words and "held back" in found.words and not found.is_told_apart
    assert not verdict([], []).is_told_apart


def test_pairs_without_one_of_their_runs_are_left_out():
    a = B + DIFFERENCES
    a[3] = np.nan
    found = verdict(a, B, seeds=range(100, 110))
    assert found.seeds == (100, 101, 102, 104, 105, 106, 107, 108, 109) and len(found.differences) == 9
    assert found.p == verdict(np.delete(a, 3), np.delete(B, 3)).p


def test_runs_that_diverged_are_counted_and_no_mean_is_taken():
    flags = np.arange(10) < 3
    found = verdict(B + DIFFERENCES, B, diverged=(flags, np.zeros(10, bool)))
    assert "A diverged on 3 of 10 seeds, B on none" in found.words and not found.is_told_apart
    assert np.isnan([found.difference, found.p]).all()
    assert "A on none" not in verdict(B, B, diverged=(np.zeros(10), flags)).words
    assert "A diverged on none, B on 3 of 10 seeds" in verdict(B, B, diverged=(np.zeros(10), flags)).words


@pytest.mark.parametrize("loss", [np.inf, 1e300, -np.inf])
def test_a_loss_that_is_no_number_to_speak_of_is_that_of_a_run_that_diverged(loss):
    found = verdict(np.r_[loss, B[1:]], B)
    assert "A diverged on 1 of 10 seeds" in found.words


def test_losses_that_are_no_pairs_are_refused():
    with pytest.raises(ValueError, match="paired by seed"):
        verdict(B, B[:9])
    with pytest.raises(ValueError, match="9 seeds"):
        verdict(B, B, seeds=range(9))


# --- words ------------------------------------------------------------------------------


def test_words_of_a_difference_larger_than_luck():
    found = verdict(B + DIFFERENCES, B)
    low, high = sorted((-found.low, -found.high))
    often = round(1000 * share_as_far((100 * DIFFERENCES).round()))
    assert found.words == (
        f"Over 10 shared seeds A's test loss is lower by 0.021 (95 %: {low:.3f} to {high:.3f}). "
        f"If the setting made no difference, a gap this large would appear about {often} times in 1,000."
    )
    turned = verdict(B, B + DIFFERENCES, names=("tanh", "relu"), what="final loss").words
    assert "tanh's final loss is higher by 0.021 (95 %: 0.0" in turned and "-" not in turned


def test_words_where_seeds_cannot_tell():
    found = verdict(B + DIFFERENCES - DIFFERENCES.mean() + 0.002, B)
    assert found.words.startswith(
        "These seeds cannot tell them apart: over 10 shared seeds A's test loss is higher by 0.0020"
    )
    assert " lower to " in found.words and " higher)" in found.words and "By luck alone" in found.words
    assert "no difference" not in found.words and not found.is_told_apart


def test_words_go_by_the_chance_where_the_interval_would_say_otherwise():
    rng = np.random.default_rng(0)
    pairs = rng.normal(0.62, 1.0, (300, 10))
    seen = set()
    for differences in pairs:
        found = verdict(1.0 + differences / 100, np.ones(10))
        disagree = found.is_told_apart == (found.low <= 0.0 <= found.high)
        assert ("goes by the chance" in found.words) == disagree
        assert found.words.startswith("Over" if found.p <= ALPHA else "These seeds cannot")
        seen.add(disagree)
        if len(seen) == 2:
            break
    assert seen == {True, False}


def test_chances_in_words():
    assert [times(p) for p in (2 / 1024, 0.0041, 2 / 64, 0.5, 0.001)] == [
        "about 2 times in 1,000",
        "about 4 times in 1,000",
        "about 31 times in 1,000",
        "about 500 times in 1,000",
        "about once in 1,000",
    ]
    assert (times(1e-5), times(1.0)) == ("less than once in 1,000", "every time")
    assert [times(p, is_most=True) for p in (1.0, 0.0381, 1e-6)] == [
        "1,000 times in 1,000",
        "39 times in 1,000",
        "once in 1,000",
    ]


@pytest.mark.parametrize(
    ("numbers", "written"),
    [
        ((0.0214, 0.0081, 0.0342), ("0.021", "0.008", "0.034")),
        ((0.00214, -0.02, 0.03), ("0.0021", "0.0200", "0.0300")),
        ((12.34, 5.0, 20.0), ("12", "5", "20")),
        ((1.2e-7, 8e-8, 1.6e-7), ("1.2e-7", "0.8e-7", "1.6e-7")),
        ((0.02, 0.0004, 0.05), ("0.0200", "0.0004", "0.0500")),
        ((1e-9, -0.02, 0.02), ("less than 0.00001", "0.02000", "0.02000")),
        ((0.0, 0.0, 0.0), ("0", "0", "0")),
        ((123456.0, 100000.0, 150000.0), ("1.2e5", "1.0e5", "1.5e5")),
    ],
)
def test_sizes_have_two_digits_and_the_same_decimals(numbers, written):
    assert sizes(*numbers) == written


# --- many comparisons -------------------------------------------------------------------


def test_holm_by_hand():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm([0.5, 0.6, 0.9]), [1.0, 1.0, 1.0])
    np.testing.assert_allclose(holm([0.02, np.nan, 0.02]), [0.04, np.nan, 0.04])
    assert holm([]).shape == (0,)


def sweep(seeds=10, cells=6, seed=0):
    losses = np.random.default_rng(seed).normal(0.3, 0.02, (seeds, cells))
    losses[:, 3] -= 0.1
    return losses


def test_one_cell_against_all_others_is_each_pair_with_holm():
    losses = sweep()
    found = against(losses, 2, names=list("uvwxyz"))
    assert [one.names for one in found] == [(name, "w") for name in "uvxyz"]
    alone = [verdict(losses[:, i], losses[:, 2]) for i in (0, 1, 3, 4, 5)]
    assert [one.p for one in found] == [one.p for one in alone]
    np.testing.assert_allclose([one.low for one in found], [one.low for one in alone], atol=1e-3)
    np.testing.assert_array_equal([one.p_holm for one in found], holm([one.p for one in alone]))
    assert [one.is_told_apart for one in found] == [False, False, True, False, False]
    assert "over all 5 comparisons (Holm) up to 10 times in 1,000" in found[2].words


def test_a_sweep_so_large_that_nothing_could_be_told_apart_says_how_many_seeds_it_takes():
    found = against(sweep(cells=200), 0)[2]
    assert found.p == 2 / 1024 and not found.is_told_apart
    assert "Among 199 comparisons" in found.words and "it takes 13." in found.words
    assert against(sweep(13, 200), 0)[2].is_told_apart and not against(sweep(12, 200), 0)[2].is_told_apart


def test_cells_that_cannot_be_compared_do_not_count():
    losses, diverged = sweep(), np.zeros((10, 6), bool)
    losses[4:, 1] = np.nan
    losses[9, 5] = np.nan
    diverged[2, 4] = True
    found = against(losses, 0, diverged=diverged)
    assert [bool(one.why_not) for one in found] == [True, False, False, True, False]
    assert [one.comparisons for one in found if not one.why_not] == [3, 3, 3]
    assert len(found[4].seeds) == 9 and found[1].p_holm >= found[1].p
