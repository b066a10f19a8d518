"""What the network is handed beside the two inputs that are drawn."""

import numpy as np
import pytest

from toynet import Config, Trainer, datasets
from toynet.datasets import features, real
from toynet.datasets.features import TERMS

ALL = features.join(TERMS)


def test_terms_are_of_the_standardised_pair_and_standardised_again():
    usual, split = datasets.load(Config()), datasets.load(Config(features=ALL))
    x1, x2 = usual.X_train.T
    by_hand = np.stack([x1, x2, x1**2, x2**2, x1 * x2, np.sin(x1), np.sin(x2)], axis=1)
    by_hand[:, 2:] = (by_hand[:, 2:] - by_hand[:, 2:].mean(axis=0)) / by_hand[:, 2:].std(axis=0)
    np.testing.assert_allclose(split.X_train, by_hand, rtol=0, atol=1e-12)
    assert split.feature_names == tuple(TERMS)
    np.testing.assert_array_equal(split.X_train[:, :2], usual.X_train)  # bit for bit
    np.testing.assert_array_equal(split.pictured.X_train, usual.X_train)
    np.testing.assert_array_equal(split.y_test, usual.y_test)


def test_the_two_drawn_ones_alone_train_as_without_the_setting():
    usual, named = Trainer(Config(epochs=5)), Trainer(Config(epochs=5, features="x1; x2"))
    usual.run(), named.run()
    for a, b in zip(usual.parameters, named.parameters, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("config", [Config(features=ALL), Config(dataset="wine", features="hue;x1^2;flavanoids;ash")])
def test_inputs_of_the_plane_are_those_trained_on(config):
    split = datasets.load(config)
    for X, P in ((split.X_train, split.pictured.X_train), (split.X_test, split.pictured.X_test)):
        made = split.inputs(P)
        is_made = np.array([bool(source) for source in split.drawn.sources])
        np.testing.assert_allclose(made[:, is_made], X[:, is_made], rtol=0, atol=1e-12)
        assert not made[:, ~is_made].any()  # their mean
    assert (~is_made).sum() == (0 if config.dataset == "moons" else 2)


def test_columns_of_a_file_are_inputs_and_two_are_drawn():
    config = Config(dataset="csv", data_file="penguins.csv", target="species", feature_2="body_mass_g")
    columns = ("bill_length_mm", "bill_depth_mm", "body_mass_g", "flipper_length_mm")
    split = datasets.load(Config(**config.to_dict() | {"features": features.join(columns)}))
    assert split.feature_names == columns and split.class_names == ("Adelie", "Chinstrap", "Gentoo")
    assert split.pictured.feature_names == ("bill_length_mm", "body_mass_g")
    assert split.drawn.sources == ("x1", "", "x2", "")
    np.testing.assert_allclose(split.X_train.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_array_equal(split.pictured.X_train, split.X_train[:, [0, 2]])


def test_the_first_inputs_are_drawn_where_none_is_chosen_and_are_no_target():
    config = Config(dataset="csv", data_file="penguins.csv", features="body_mass_g;flipper_length_mm;bill_depth_mm")
    resolved = datasets.resolved(config)
    assert (resolved.feature_1, resolved.feature_2) == ("body_mass_g", "flipper_length_mm")
    assert datasets.load(config).pictured.feature_names == ("body_mass_g", "flipper_length_mm")


def test_a_column_of_that_name_comes_before_a_term(tmp_path):
    (tmp_path / "odd.csv").write_text("a,b,x1^2,y\n" + "".join(f"{i},{i % 7},{i % 5},{i % 2}\n" for i in range(40)))
    split = datasets.load(
        Config(dataset="csv", data_file=str(tmp_path / "odd.csv"), target="y", features="x1^2;a;b", feature_1="a")
    )
    assert split.drawn.sources == ("x2", "x1", "")  # the first input that is no feature yet is drawn upwards


@pytest.mark.parametrize("dataset", ["moons", "wine", "csv"])
def test_unknown_inputs_are_named(dataset):
    more = {"data_file": "penguins.csv"} if dataset == "csv" else {}
    with pytest.raises(ValueError, match=r"'x3'.*(x1\^2|hue|bill_length_mm)"):
        datasets.load(Config(dataset=dataset, features="x1;x3", **more))


def test_inputs_that_cannot_be():
    with pytest.raises(ValueError, match="'x1' twice"):
        datasets.load(Config(features="x1;x2;x1"))
    with pytest.raises(ValueError, match="target 'species'"):
        datasets.load(Config(dataset="csv", data_file="penguins.csv", target="species", features="species;body_mass_g"))


@pytest.mark.parametrize("text", ["a\rb", "a\nb", '"', "x" * 200_000, "\0"])
def test_strange_texts_are_no_inputs_and_say_so(text):
    with pytest.raises(ValueError, match=r"features has|features must be") as error:
        datasets.load(Config(features=f"{text};x1"))
    assert "\n" not in str(error.value) and len(str(error.value)) < 300


def test_names_survive_their_text():
    names = ("x1^2", 'a "b"; c', "x1 x2", ";", '"')
    assert features.parse(features.join(names)) == names
    assert features.parse("") == features.parse(" ; ;") == ()


def test_squares_make_circles_easy():
    hard, easy = (Trainer(Config(dataset="circles", hidden_size=1, features=text)) for text in ("", "x1^2;x2^2"))
    hard.run(), easy.run()
    assert easy.present()["test_accuracy"] == 1.0 > 0.8 > hard.present()["test_accuracy"]


# --- more than two classes -----------------------------------------------------------


@pytest.mark.parametrize("dataset", ["blobs", "quantiles", "spirals"])
@pytest.mark.parametrize("classes", [3, 6])
def test_made_data_have_as_many_classes_as_asked_for(dataset, classes):
    points = datasets.points(Config(dataset=dataset, classes=classes, samples=601))
    counts = np.bincount(points.y.astype(int))
    assert len(counts) == len(points.class_names) == classes and counts.max() - counts.min() <= 1
    assert datasets.load(Config(dataset=dataset, classes=classes)).outputs == classes


def test_blobs_lie_as_far_apart_as_two_do():
    for classes in (2, 3, 4, 5, 6):
        points = datasets.points(Config(dataset="blobs", classes=classes, samples=6000, noise=0.0))
        centres = np.array([points.X[points.y == c].mean(axis=0) for c in range(classes)])
        apart = np.linalg.norm(centres - np.roll(centres, 1, axis=0), axis=1)
        np.testing.assert_allclose(apart, 4 * np.sqrt(2), atol=0.15)


def test_spirals_of_more_arms_are_turns_of_one():
    X, y, *_ = datasets.points(Config(dataset="spirals", noise=0.0, samples=6000, classes=3))
    reach = np.linalg.norm(X, axis=1)
    angle = np.arctan2(X[:, 0], X[:, 1]) - 3.5 * np.pi * reach * 2 / 3 - 2 * np.pi * y / 3
    np.testing.assert_allclose(np.cos(angle), 1, atol=1e-9)


def test_quantiles_are_rings():
    X, y, *_ = datasets.points(Config(dataset="quantiles", noise=0.0, classes=4))
    reach = np.linalg.norm(X, axis=1)
    assert all(reach[y == c].max() < reach[y == c + 1].min() for c in range(3))


def test_made_data_of_two_classes_only_say_so():
    for dataset in ("moons", "circles", "xor"):
        with pytest.raises(ValueError, match=f"classes must be 2 for {dataset}, not 3.*blobs"):
            datasets.load(Config(dataset=dataset, classes=3))


@pytest.mark.parametrize("dataset", ["iris", "wine"])
def test_real_data_of_three_classes_are_those_of_scikit_learn(dataset):
    bunch = getattr(__import__("sklearn.datasets", fromlist=["x"]), f"load_{dataset}")()
    points = datasets.points(Config(dataset=dataset))
    np.testing.assert_array_equal(points.y, bunch.target)
    assert points.class_names == tuple(bunch.target_names)
    places = [list(bunch.feature_names).index(name) for name in real.REAL[dataset].usual]
    np.testing.assert_array_equal(points.X, bunch.data[:, places])


def test_too_few_of_a_class_to_hold_one_back_are_said(tmp_path):
    path = tmp_path / "few.csv"
    path.write_text("a,b,y\n" + "".join(f"{i},{i % 7},{i % 3}\n" for i in range(30)) + "3,4,9\n")
    with pytest.raises(ValueError, match=r"31 rows \(1 in the smallest class\)"):
        datasets.load(Config(dataset="csv", data_file=str(path), target="y"))


def test_parts_keep_the_shares_of_all_classes():
    split = datasets.load(Config(dataset="blobs", classes=5, samples=500))
    assert np.bincount(split.y_test.astype(int)).tolist() == [25] * 5


def test_given_classes_must_be_numbers_of_names():
    split = datasets.load(Config(dataset="blobs", classes=3))
    split.check()
    with pytest.raises(ValueError, match="class numbers from 0 to 2"):
        split._replace(y_test=split.y_test + 1).check()
    with pytest.raises(ValueError, match="two or more"):
        split._replace(class_names=("one",)).check()


def test_of_more_inputs_by_hand_the_first_two_are_drawn():
    X, y = np.random.default_rng(0).normal(size=(40, 5)), np.arange(40) % 3.0
    names, scale = tuple("pqrst"), np.arange(1.0, 6.0)
    split = datasets.Split(X[:30], y[:30], X[30:], y[30:], -scale, scale, names, ("a", "b", "c"))
    assert split.pictured.feature_names == ("p", "q") and split.pictured.scale.tolist() == [1.0, 2.0]
    np.testing.assert_array_equal(split.pictured.X_test, X[30:, :2])
    made = split.inputs(X[:3, :2])
    np.testing.assert_array_equal(made, np.hstack([X[:3, :2], np.zeros((3, 3))]))
    trainer = Trainer(Config(epochs=2), split=split)
    assert (trainer.config.feature_2, trainer.config.features) == ("q", "p;q;r;s;t")
    one = split._replace(X_train=X[:30, :1], X_test=X[30:, :1], mean=scale[:1], scale=scale[:1], feature_names=("p",))
    with pytest.raises(ValueError, match="one input: no plane"):
        _ = one.pictured
    Trainer(Config(epochs=2), split=one).run()
