"""The datasets and their split."""

from collections import OrderedDict
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toynet import Config, datasets
from toynet.config import DATASETS
from toynet.datasets import GENERATORS, Points, real

pytestmark = pytest.mark.filterwarnings("error")

ARRAYS = ("X_train", "y_train", "X_test", "y_test", "mean", "scale")


def same(one, other):
    return all(np.array_equal(getattr(one, name), getattr(other, name)) for name in ARRAYS)


def test_all_data_is_generated_but_that_of_scikit_learn_and_files():
    assert set(GENERATORS) == set(DATASETS) - {*real.REAL, "csv"}


# --- generated ---------------------------------------------------------------------


def test_generated_data_has_the_size_asked_for_and_balanced_classes():
    for dataset, samples, noise in product(GENERATORS, (20, 21, 23, 399, 10_000), (0.0, 1.0)):
        case = dataset, samples, noise
        given = datasets.points(Config(dataset=dataset, samples=samples, noise=noise))
        X, y, feature_names, class_names, dropped = given[:5]
        assert X.shape == (samples, 2) and y.shape == (samples,), case
        assert X.dtype == y.dtype == np.float64 and np.isfinite(X).all(), case
        assert set(y) == {0.0, 1.0} and abs(y.sum() - samples / 2) <= 1, case
        assert len(set(feature_names)) == len(set(class_names)) == 2 and dropped == 0, case


def test_generated_data_is_seeded():
    for dataset in GENERATORS:
        one = datasets.load(Config(dataset=dataset, data_seed=3))
        assert same(one, datasets.load(Config(dataset=dataset, data_seed=3))), dataset
        assert not same(one, datasets.load(Config(dataset=dataset, data_seed=4))), dataset
        assert same(one, datasets.load(Config(dataset=dataset, data_seed=3, init_seed=9, hidden_size=2))), dataset


def test_generated_data_does_not_touch_the_global_random_state():
    np.random.seed(0)
    before = np.random.get_state()[1].copy()
    for dataset in GENERATORS:
        datasets.load(Config(dataset=dataset))
        assert np.array_equal(np.random.get_state()[1], before), dataset


def test_noise_moves_the_points():
    for dataset in GENERATORS:
        quiet, loud = (datasets.points(Config(dataset=dataset, noise=noise)).X for noise in (0.0, 0.5))
        assert not np.allclose(quiet, loud), dataset


def test_circles_and_quantiles_without_noise_are_told_apart_by_their_radius():
    for dataset in ("circles", "quantiles"):
        X, y, *_ = datasets.points(Config(dataset=dataset, noise=0.0))
        radius = np.hypot(*X.T)
        inner = radius < np.median(radius)
        assert np.array_equal(inner, y == y[inner.argmax()])


def test_xor_without_noise_is_class_1_where_the_signs_differ():
    X, y, *_ = datasets.points(Config(dataset="xor", noise=0.0))
    np.testing.assert_array_equal(y, X.prod(axis=1) < 0)
    quadrants = {tuple(q) for q in np.sign(X)}
    assert len(quadrants) == 4


def test_spirals_without_noise_are_each_others_half_turn():
    X, y, *_ = datasets.points(Config(dataset="spirals", noise=0.0, samples=2000))
    reach = np.hypot(*X.T)
    assert reach.min() >= 0.1 and reach.max() <= 1
    angle = np.arctan2(X[:, 0], X[:, 1])
    offset = (angle - 3.5 * np.pi * reach - np.pi * y) % (2 * np.pi)
    assert np.minimum(offset, 2 * np.pi - offset).max() < 1e-9


# --- the split ---------------------------------------------------------------------


def test_split_is_stratified_and_loses_nothing():
    for dataset, test_fraction in product(GENERATORS, (0.05, 0.25, 0.5)):
        case = f"{dataset}, a share of {test_fraction}"
        config = Config(dataset=dataset, samples=201, test_fraction=test_fraction)
        given, split = datasets.points(config), datasets.load(config)
        assert abs(len(split.y_test) - 201 * test_fraction) <= 1, case
        for y in (split.y_test, split.y_train):
            assert abs(y.mean() - given.y.mean()) < 1 / len(y), case
        own = np.concatenate([split.own_units(split.X_train), split.own_units(split.X_test)])
        rows = np.column_stack([own, np.concatenate([split.y_train, split.y_test])])
        expected = np.column_stack([given.X, given.y])
        np.testing.assert_allclose(rows[np.lexsort(rows.T)], expected[np.lexsort(expected.T)], atol=1e-12, err_msg=case)


def test_split_keeps_the_shares_of_unequal_classes():
    y = np.repeat([0.0, 1.0], [90, 10])
    split = datasets.split(Points(np.random.default_rng(0).normal(size=(100, 2)), y, "ab", "cd"), 0.3, 0)
    assert split.y_test.sum() == 3 and split.y_train.sum() == 7


def test_training_part_is_standardised_and_the_test_part_with_its_figures():
    config = Config(dataset="blobs", samples=100, noise=0.7)
    split = datasets.load(config)
    np.testing.assert_allclose(split.X_train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(split.X_train.std(axis=0), 1, rtol=1e-12)
    assert np.abs(split.X_test.mean(axis=0)).min() > 1e-6
    own = datasets.points(config).X
    back = np.concatenate([split.own_units(split.X_train), split.own_units(split.X_test)])
    np.testing.assert_allclose(np.sort(back, axis=0), np.sort(own, axis=0), atol=1e-12)


def test_no_test_share_keeps_every_sample_for_training():
    split = datasets.load(Config(samples=50, test_fraction=0.0))
    assert split.X_train.shape == (50, 2) and split.X_test.shape == (0, 2) and split.y_test.shape == (0,)


def test_split_is_seeded_by_the_data_seed():
    points = datasets.points(Config())
    assert same(datasets.split(points, 0.25, 1), datasets.split(points, 0.25, 1))
    assert not same(datasets.split(points, 0.25, 1), datasets.split(points, 0.25, 2))


@given(
    st.sampled_from(list(GENERATORS)),
    st.integers(20, 120),
    st.floats(0, 1),
    st.floats(0, 0.5),
    st.integers(0, 2**32 - 1),
)
def test_any_generated_data_loads_with_both_classes_or_says_that_its_test_share_is_too_small(
    dataset, samples, noise, test_fraction, seed
):
    config = Config(dataset=dataset, samples=samples, noise=noise, test_fraction=test_fraction, data_seed=seed)
    try:
        split = datasets.load(config)
    except ValueError as error:
        assert test_fraction * samples < 2 and "test share" in str(error)
        return
    assert set(split.y_train) == {0.0, 1.0} and len(split.y_train) + len(split.y_test) == samples
    assert np.isfinite(split.X_train).all() and np.isfinite(split.X_test).all()
    assert split.X_train.flags.c_contiguous


def test_class_of_one_cannot_be_split():
    points = Points(np.random.default_rng(0).normal(size=(30, 2)), np.r_[1.0, np.zeros(29)], "ab", "cd")
    with pytest.raises(ValueError, match="too few"):
        datasets.split(points, 0.25, 0)
    assert datasets.split(points, 0.0, 0).y_train.sum() == 1


def second_input(values):
    """A split of 30 points whose inputs are 0 to 29 for a, these values for b."""
    X = np.column_stack([np.arange(30.0), values])
    return datasets.split(Points(X, np.arange(30) % 2.0, ("a", "b"), "cd"), 0.0, 0)


def test_input_that_is_always_the_same_is_refused_by_name():
    for value in (0.0, 0.1, -3.7, 1e9):
        with pytest.raises(ValueError, match="'b' is the same"):
            pytest.fail(f"{value} was split: {second_input(np.full(30, value))}")


def test_inputs_too_large_to_square_are_refused_by_name():
    for size in (1e300, 1e160):
        with pytest.raises(ValueError, match="'b' are too large"):
            pytest.fail(f"{size} was split: {second_input(np.arange(30.0) * size / 30)}")


def test_inputs_of_any_size_are_standardised_or_refused():
    for size in (1e-250, 1e-200, 1e-100, 1e100):
        try:
            split = second_input(np.arange(30.0) * size)
        except ValueError as error:
            assert "'b'" in str(error), size
        else:
            np.testing.assert_allclose(split.X_train[:, 1], split.X_train[:, 0], rtol=1e-9, err_msg=f"{size}")


# --- real --------------------------------------------------------------------------


def test_breast_cancer_has_its_samples_and_names():
    points = datasets.points(Config(dataset="breast_cancer"))
    assert points.X.shape == (569, 2) and points.y.sum() == 212
    assert points.feature_names == ("mean radius", "mean concave points")
    assert points.class_names == ("benign", "malignant")
    assert points.X[0] == pytest.approx([17.99, 0.1471]) and points.y[0] == 1


def test_any_two_of_the_30_features_may_be_chosen():
    names = real.feature_names("breast_cancer")
    assert len(set(names)) == 30
    for first, second in zip(names, names[1:] + names[:1], strict=True):
        points = datasets.points(Config(dataset="breast_cancer", feature_1=first, feature_2=second))
        assert points.feature_names == (first, second)
    swapped = datasets.points(Config(dataset="breast_cancer", feature_1="mean concave points", feature_2="mean radius"))
    assert swapped.X[0] == pytest.approx([0.1471, 17.99])


def test_feature_that_breast_cancer_lacks_is_refused_and_its_features_named():
    for feature in ("mean Radius", "radius", "a\nb", "target"):
        with pytest.raises(ValueError) as caught:
            pytest.fail(f"{feature!r}: {datasets.load(Config(dataset='breast_cancer', feature_2=feature))}")
        text = str(caught.value)
        assert repr(feature) in text and "worst fractal dimension" in text and len(text.splitlines()) == 1, feature


def test_same_feature_twice_is_refused():
    with pytest.raises(ValueError, match="mean radius"):
        datasets.load(Config(dataset="breast_cancer", feature_2="mean radius"))


def test_penguins_ship_with_the_project():
    chosen = {"target": "species", "class_0": "Adelie", "class_1": "Gentoo"}
    config = Config(dataset="csv", data_file="penguins.csv", feature_1="bill_length_mm", **chosen)
    points = datasets.points(config)
    assert points.class_names == ("Adelie", "Gentoo") and points.feature_names[0] == "bill_length_mm"
    assert len(points.y) == 151 + 123 and points.y.sum() == 123 and points.dropped == 2
    assert points.X[0, 0] == 39.1


def test_exclusive_or_ships_with_the_project():
    split = datasets.load(Config(dataset="csv", data_file="xor.csv", test_fraction=0.0))
    own = split.own_units(split.X_train)
    corners = {(*x, c) for x, c in zip(map(tuple, own.round(9).tolist()), split.y_train.tolist(), strict=True)}
    assert corners == {(0.0, 0.0, 0.0), (0.0, 1.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 0.0)}


@pytest.mark.parametrize("name", ["penguins.csv", "xor.csv"])
def test_shipped_files_work_with_their_name_alone(name):
    split = datasets.load(Config(dataset="csv", data_file=name, test_fraction=0.0))
    assert set(split.y_train) == {0.0, 1.0}


# --- kept --------------------------------------------------------------------------


def test_the_same_settings_give_the_same_split_which_nobody_can_write_to():
    one = datasets.load(Config(dataset="blobs", samples=50))
    assert datasets.load(Config(dataset="blobs", samples=50, hidden_size=3, epochs=7)) is one
    assert datasets.load(Config(dataset="blobs", samples=50, data_seed=1)) is not one
    with pytest.raises(ValueError, match="read-only"):
        one.X_train[0, 0] = 9.0


def test_of_all_splits_only_so_many_rows_are_kept(monkeypatch):
    monkeypatch.setattr(datasets, "MOST_ROWS", 250)
    first, *_ = (datasets.load(Config(samples=100, data_seed=seed, noise=0.3)) for seed in range(3))
    assert datasets.load(Config(samples=100, data_seed=2, noise=0.3)) is datasets.load(
        Config(samples=100, data_seed=2, noise=0.3)
    )
    assert datasets.load(Config(samples=100, data_seed=0, noise=0.3)) is not first


def test_of_many_small_splits_only_so_many_are_kept(monkeypatch):
    monkeypatch.setattr(datasets, "MOST_SPLITS", 3)
    monkeypatch.setattr(datasets, "_kept", OrderedDict())
    for seed in range(10):
        datasets.load(Config(samples=20, data_seed=seed))
    assert len(datasets._kept) == 3


def test_another_row_is_another_fingerprint():
    split = datasets.load(Config(samples=50))
    X = split.X_train.copy()
    X[3, 1] = np.nextafter(X[3, 1], 9.0)
    marks = {
        split.fingerprint(),
        split._replace(X_train=X).fingerprint(),
        split._replace(y_test=1 - split.y_test).fingerprint(),
    }
    assert (
        len(marks) == 3
        and split.fingerprint() == split._replace(X_train=np.asfortranarray(split.X_train)).fingerprint()
    )


@pytest.mark.parametrize(
    "values", [10**15 + np.arange(5.0), 1e-70 * np.arange(1, 6), 1e149 * np.arange(1, 6), [0, 1e-70] * 5]
)
def test_inputs_are_standardised_wherever_they_lie(values):
    X = np.stack([np.resize(values, 80), np.arange(80) % 13], axis=1)
    part = datasets.split(datasets.Points(X, np.arange(80) % 2.0, ("a", "b"), ("no", "yes")), 0.0, 0)
    np.testing.assert_allclose(part.X_train.std(axis=0), 1, rtol=1e-6)
    np.testing.assert_allclose(part.X_train.mean(axis=0), 0, atol=0.1)
    np.testing.assert_allclose(part.own_units(part.X_train), X, rtol=1e-15)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([1e-310, 2e-310], "'a' differ by less than 1e-75: give them in a smaller unit"),
        ([1e-80, 2e-80], "'a' differ by less than 1e-75: give them in a smaller unit"),
        ([1e151, 2e151], "'a' are too large"),
        ([0.1 + 0.2, 0.3], "'a' is the same"),
        ([1e15, 1e15], "'a' is the same"),
    ],
)
def test_inputs_that_no_picture_can_show_are_refused(values, says):
    X = np.stack([np.resize(values, 80), np.arange(80) % 13], axis=1)
    with pytest.raises(ValueError, match=says):
        datasets.split(datasets.Points(X, np.arange(80) % 2.0, ("a", "b"), ("no", "yes")), 0.0, 0)
