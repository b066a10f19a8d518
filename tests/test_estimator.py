"""ToyNetClassifier: scikit-learn's interface, and under it the derivation's own updates."""

import copy
import importlib.util
import pickle
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_digits, load_iris, load_wine, make_moons
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.inspection import DecisionBoundaryDisplay
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import toynet
from tests.readme import section
from toynet import Config, ToyNetClassifier, Trainer, engines, fitting
from toynet.datasets import Split
from toynet.engines import begin
from toynet.fitting import Patience, measured
from toynet.measuring import measure
from toynet.network import backward, forward, updated

X_IRIS, Y_IRIS = load_iris(return_X_y=True)
X_IRIS = StandardScaler().fit_transform(X_IRIS)
X_MOONS, Y_MOONS = make_moons(200, noise=0.2, random_state=0)
ROOT = Path(__file__).parents[1]
with_callbacks = pytest.mark.skipif(
    importlib.util.find_spec("sklearn.callback") is None, reason="scikit-learn before 1.9 has no callbacks"
)
OTHERS = {"batch_mode": "mini", "l2": 1e-3, "momentum": 0.5, "learning_rate": 0.1}


@pytest.fixture(autouse=True)
def nothing_trained(monkeypatch):
    """What other tests trained does not count, and none has compiled code made ready unless it asks for it."""
    monkeypatch.setattr(fitting, "_seconds_in_numpy", 0.0)
    monkeypatch.setattr(engines, "WORTH_LOADING", np.inf)
    monkeypatch.setattr(engines, "_ready_general", threading.Event())


def iris(**settings):
    return ToyNetClassifier(**{"epochs": 30, "random_state": 0, "engine": "numpy", **settings})


def same(a, b):
    return all(np.array_equal(p, q) for p, q in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True))


def split(X, y, classes):
    d = X.shape[1]
    names = tuple(f"x{i}" for i in range(d))
    return Split(X, y.astype(float), X[:0], y[:0].astype(float), np.zeros(d), np.ones(d), names, classes)


# --- scikit-learn's own checks ---------------------------------------------------------


@parametrize_with_checks(
    [
        ToyNetClassifier(),
        ToyNetClassifier(epochs=100, output="sigmoid", **OTHERS),
        ToyNetClassifier(epochs=100, early_stopping=True, activation="relu", learning_rate=0.05),
    ]
)
def test_scikit_learn_has_nothing_to_excuse(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("hidden_size", 0), ("activation", "logistic"), ("learning_rate", 0.0), ("batch_mode", "all"),
        ("batch_size", 0), ("epochs", 0), ("output", "linear"), ("l2", -1e-9), ("momentum", 1.0), ("tol", -1.0),
        ("n_iter_no_change", 0), ("validation_fraction", 1.0), ("record_every", 0), ("engine", "gpu"),
        ("random_state", "x"), ("warm_start", "no"), ("early_stopping", 2), ("verbose", -1),
    ],
)  # fmt: skip
def test_a_setting_out_of_range_is_named(setting, value):
    with pytest.raises(ValueError, match=f"The '{setting}' parameter"):
        ToyNetClassifier(**{setting: value}).fit(X_IRIS, Y_IRIS)


def test_it_is_loaded_when_it_is_asked_for():
    code = "import sys, toynet; assert 'sklearn' not in sys.modules; toynet.ToyNetClassifier"
    code += "; assert 'sklearn' in sys.modules and 'streamlit' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    assert "ToyNetClassifier" in toynet.__all__


# --- the network that it trains --------------------------------------------------------


@pytest.mark.parametrize("batch_mode", ["full", "mini", "stochastic"])
def test_two_classes_are_trained_as_a_trainer_trains_them(batch_mode):
    settings = {"hidden_size": 5, "learning_rate": 0.2, "batch_mode": batch_mode, "batch_size": 30, "epochs": 7}
    trainer = Trainer(Config(init_seed=3, **settings), split(X_MOONS, Y_MOONS, ("0", "1")), engine="numpy")
    trainer.run()
    estimator = ToyNetClassifier(**settings, random_state=3, engine="numpy").fit(X_MOONS, Y_MOONS)
    W1, b1, W2, b2 = trainer.parameters
    assert np.array_equal(estimator.coefs_[0], W1.T) and np.array_equal(estimator.coefs_[1], W2.T)
    assert np.array_equal(estimator.intercepts_[0], b1[:, 0]) and np.array_equal(estimator.intercepts_[1], b2[:, 0])
    columns = [c for c in estimator.history_ if c not in ("seconds", "engine")]
    pd.testing.assert_frame_equal(estimator.history_[columns], trainer.history[columns])


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_three_classes_follow_the_derivation_line_by_line(output):
    parameters, v = begin(4, 4, 6, "tanh", 3).parameters, None
    for _ in range(20):
        gradients = backward(parameters, forward(parameters, X_IRIS, "tanh", output), Y_IRIS.astype(float), "tanh")
        parameters, v = updated(parameters, gradients, 0.1, 0.01, 0.5, v)
    added = {"l2": 0.01, "momentum": 0.5, "output": output}
    estimator = ToyNetClassifier(6, epochs=20, learning_rate=0.1, **added, random_state=4).fit(X_IRIS, Y_IRIS)
    assert [w.shape for w in estimator.coefs_] == [(4, 6), (6, 3)]
    np.testing.assert_allclose(estimator.coefs_[0], parameters.W1.T, rtol=0, atol=1e-12)
    np.testing.assert_allclose(estimator.coefs_[1], parameters.W2.T, rtol=0, atol=1e-12)
    y_hat = forward(parameters, X_IRIS, "tanh", output).y_hat.T
    np.testing.assert_allclose(estimator.predict_proba(X_IRIS), y_hat / y_hat.sum(axis=1, keepdims=True), atol=1e-12)


def test_the_compiled_engine_agrees():
    numpy, compiled = (iris(engine=e).fit(X_MOONS, Y_MOONS) for e in ("numpy", "compiled"))
    np.testing.assert_allclose(compiled.coefs_[0], numpy.coefs_[0], rtol=0, atol=1e-12)
    assert compiled.history_.engine.unique().tolist() == ["compiled"]
    np.testing.assert_allclose(compiled.loss_curve_, numpy.loss_curve_, rtol=0, atol=1e-12)


def test_what_scikit_learns_networks_have_is_there():
    estimator = iris(epochs=12, hidden_size=5, record_every=5).fit(X_IRIS, Y_IRIS)
    assert (estimator.n_iter_, estimator.t_, estimator.n_layers_, estimator.n_outputs_) == (12, 12 * 150, 3, 3)
    assert estimator.history_.epoch.tolist() == [0, 5, 10, 12]
    assert estimator.loss_curve_ == estimator.history_.train_loss.tolist()[1:]
    assert estimator.loss_ == estimator.loss_curve_[-1] and estimator.best_loss_ == min(estimator.loss_curve_)
    assert len(iris(epochs=12).fit(X_IRIS, Y_IRIS).loss_curve_) == 12
    assert estimator.out_activation_ == "softmax"
    assert iris(output="sigmoid").fit(X_IRIS, Y_IRIS).out_activation_ == "logistic"
    two = iris().fit(X_MOONS, Y_MOONS)
    assert (two.n_outputs_, two.out_activation_, two.coefs_[1].shape) == (1, "logistic", (8, 1))
    assert estimator.history_.test_loss.isna().all()


def test_nothing_is_there_before_it_is_fitted():
    with pytest.raises(NotFittedError):
        iris().predict(X_IRIS)
    assert not hasattr(iris(), "history_")


# --- what it says of samples -----------------------------------------------------------


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize("k", [2, 3])
def test_probabilities_sum_to_one_and_their_logarithms_are_finite(output, k):
    X, y = (X_MOONS, Y_MOONS) if k == 2 else (X_IRIS, Y_IRIS)
    estimator = iris(output=output).fit(X, y)
    far = 1e6 * estimator.coefs_[1]
    estimator.coefs_ = [estimator.coefs_[0], far]
    p, log_p = estimator.predict_proba(X), estimator.predict_log_proba(X)
    assert p.shape == log_p.shape == (len(X), k)
    np.testing.assert_allclose(p.sum(axis=1), 1.0, atol=1e-12)
    assert np.isfinite(p).all() and np.isfinite(log_p).all() and log_p.min() < -1e3
    np.testing.assert_allclose(np.exp(log_p), p, atol=1e-9)


def test_the_decision_function_is_Z2():
    two, three = iris().fit(X_MOONS, Y_MOONS), iris().fit(X_IRIS, Y_IRIS)
    assert two.decision_function(X_MOONS).shape == (200,)
    np.testing.assert_allclose(
        two.predict_proba(X_MOONS)[:, 1], 1 / (1 + np.exp(-two.decision_function(X_MOONS))), atol=1e-12
    )
    assert np.array_equal(two.predict(X_MOONS), two.decision_function(X_MOONS) >= 0)
    Z2 = three.decision_function(X_IRIS)
    assert Z2.shape == (150, 3) and np.array_equal(three.predict(X_IRIS), Z2.argmax(axis=1))


@pytest.mark.parametrize(
    "labels", [["c", "a", "b"], [True, False], [-5, 7, 3], [2.0, 1.0], np.array(["x", "y", "z"], object)]
)
def test_labels_of_any_type_come_back(labels):
    y = np.asarray(labels)[Y_IRIS % len(labels)]
    estimator = iris(epochs=200).fit(X_IRIS, y)
    assert np.array_equal(estimator.classes_, np.unique(y))
    assert estimator.predict(X_IRIS).dtype == np.asarray(labels).dtype and estimator.score(X_IRIS, y) > 0.6


def test_any_form_of_the_same_numbers_trains_the_same_network():
    X = X_IRIS.astype(np.float32).astype(float)
    plain = iris(batch_mode="mini").fit(X, Y_IRIS)
    read_only, frame = X.copy(), pd.DataFrame(X, columns=list("abcd"))
    read_only.setflags(write=False)
    strided = np.repeat(X, 2, axis=0)[::2]
    for form in (read_only, np.asfortranarray(X), X.astype(np.float32), X.tolist(), frame, strided):
        other = iris(batch_mode="mini").fit(form, Y_IRIS)
        assert same(plain, other), type(form)
        np.testing.assert_allclose(other.predict_proba(form), plain.predict_proba(X), atol=1e-12)
    assert iris().fit(frame, Y_IRIS).feature_names_in_.tolist() == list("abcd")
    assert np.array_equal(read_only, X)


def test_float64_in_C_order_is_not_copied():
    estimator = iris()
    X, labels = estimator._checked(X_IRIS, Y_IRIS, is_first=True)
    estimator._set_classes(np.unique(labels))
    assert np.shares_memory(estimator._split(X, estimator._class_numbers(labels)).X_train, X_IRIS)


def test_large_data_are_handled_part_by_part(monkeypatch):
    whole = iris().fit(X_IRIS, Y_IRIS)
    halves = split(X_IRIS, Y_IRIS, ("a", "b", "c"))._replace(X_test=X_IRIS[:50], y_test=Y_IRIS[:50].astype(float))
    expected, Z2 = measure(whole._parameters(), halves, "tanh", "softmax"), whole.decision_function(X_IRIS)
    monkeypatch.setattr(fitting, "PART", 8 * 17)
    assert len(fitting.parts(150, whole._parameters())) == 9
    np.testing.assert_allclose(measured(whole._parameters(), halves, "tanh", "softmax"), expected, rtol=1e-12)
    np.testing.assert_allclose(whole.decision_function(X_IRIS), Z2, atol=1e-12)
    no_test = halves._replace(X_test=X_IRIS[:0], y_test=np.zeros(0))
    assert np.isnan(measured(whole._parameters(), no_test, "tanh", "softmax").test_loss)


# --- going on --------------------------------------------------------------------------


@pytest.mark.parametrize("settings", [{}, OTHERS, {"batch_mode": "stochastic"}])
def test_partial_fit_makes_the_updates_of_fit(settings):
    whole, parts = iris(epochs=6, **settings).fit(X_IRIS, Y_IRIS), iris(**settings)
    for _ in range(6):
        parts.partial_fit(X_IRIS, Y_IRIS, classes=[0, 1, 2])
    assert same(whole, parts) and whole.t_ == parts.t_ and parts.n_iter_ == 1
    assert whole.loss_curve_ == parts.loss_curve_
    assert whole.history_.epoch.tolist() == parts.history_.epoch.tolist()


def test_partial_fit_takes_some_of_the_classes_and_other_numbers_of_samples():
    estimator = iris(**OTHERS).partial_fit(X_IRIS[:60], Y_IRIS[:60], classes=[0, 1, 2])
    estimator.partial_fit(X_IRIS[100:], Y_IRIS[100:])
    assert estimator.t_ == 110 and estimator.predict_proba(X_IRIS).shape == (150, 3)
    assert estimator.history_.samples_seen.tolist() == [0, 60, 110]
    assert estimator.history_["update"].tolist() == [0, 2, 4]
    for wrong in ({"y": [0, 5], "classes": None}, {"y": [0, 1], "classes": [0, 1]}):
        with pytest.raises(ValueError, match="classes"):
            estimator.partial_fit(X_IRIS[:2], **wrong)
    with pytest.raises(ValueError, match="first call"):
        iris().partial_fit(X_IRIS, Y_IRIS)
    assert not hasattr(iris(early_stopping=True), "partial_fit")


def test_warm_start_goes_on_bit_for_bit():
    whole = iris(epochs=10, **OTHERS).fit(X_IRIS, Y_IRIS)
    parts = iris(epochs=4, warm_start=True, **OTHERS).fit(X_IRIS, Y_IRIS)
    parts = pickle.loads(pickle.dumps(parts))
    parts.set_params(epochs=6).fit(X_IRIS, Y_IRIS)
    assert same(whole, parts) and parts.n_iter_ == 6 and parts.t_ == whole.t_
    assert parts.loss_curve_ == whole.loss_curve_
    with pytest.raises(ValueError, match="hidden_size=9"):
        parts.set_params(hidden_size=9).fit(X_IRIS, Y_IRIS)
    with pytest.raises(ValueError, match="not among the classes"):
        parts.set_params(hidden_size=8).fit(X_IRIS, Y_IRIS + 1)
    again = parts.set_params(warm_start=False, epochs=10).fit(X_IRIS, Y_IRIS)
    assert same(whole, again) and again.t_ == whole.t_ and len(again.loss_curve_) == 10


def test_a_pickle_says_and_has_the_same():
    estimator = iris().fit(pd.DataFrame(X_IRIS, columns=list("abcd")), Y_IRIS)
    copy = pickle.loads(pickle.dumps(estimator))
    assert same(estimator, copy) and copy.get_params() == estimator.get_params()
    pd.testing.assert_frame_equal(estimator.history_, copy.history_)


def test_random_state_is_the_seed():
    a, b, other = (iris(random_state=r).fit(X_IRIS, Y_IRIS) for r in (1, np.int64(1), 2))
    assert same(a, b) and not same(a, other)
    c, d = (iris(random_state=np.random.RandomState(5)).fit(X_IRIS, Y_IRIS) for _ in range(2))
    assert same(c, d)
    e, f = (iris(random_state=None, epochs=1).fit(X_IRIS, Y_IRIS) for _ in range(2))
    assert not same(e, f)


# --- ending ----------------------------------------------------------------------------


def test_patience_ends_after_so_many_scores_without_a_gain():
    patience = Patience(0.1, 2)
    assert [patience.note(score) for score in (1.0, 1.2, 1.25, 1.2)] == [True, True, True, False]
    assert patience.is_over and patience.best == 1.25
    patience = Patience(0.0, 2)
    for score in (1.0, 1.0, 1.1, 1.1):
        patience.note(score)
    assert not patience.is_over


def test_early_stopping_ends_with_the_best_of_what_it_held_back():
    y = np.where(np.random.default_rng(0).random(150) < 0.3, 2 - Y_IRIS, Y_IRIS)
    settings = {"early_stopping": True, "validation_fraction": 0.3, "hidden_size": 20, "learning_rate": 1.0, **OTHERS}
    estimator = iris(epochs=400, n_iter_no_change=20, **settings).fit(X_IRIS, y)
    scores = estimator.validation_scores_
    assert 20 < estimator.n_iter_ == len(scores) < 400
    assert estimator.best_validation_score_ == max(scores) and len(scores) == 21 + int(np.argmax(scores))
    assert estimator.history_.test_accuracy.tolist()[1:] == scores and estimator.t_ == 105 * estimator.n_iter_
    stopped = iris(**settings).set_params(early_stopping=True, epochs=int(np.argmax(scores)) + 1).fit(X_IRIS, y)
    assert same(estimator, stopped)


@pytest.mark.parametrize(("epochs", "record_every", "epochs_scored"), [(15, 10, [10, 15]), (60, 100, [60])])
def test_early_stopping_looks_at_the_last_epoch_too(capsys, epochs, record_every, epochs_scored):
    settings = {"early_stopping": True, "random_state": 2, "epochs": epochs, "record_every": record_every}
    estimator = iris(verbose=True, **settings).fit(X_IRIS, Y_IRIS)
    frame = estimator.history_.set_index("epoch")
    assert frame.index.tolist() == [0, *epochs_scored] and len(estimator.loss_curve_) == len(epochs_scored)
    assert estimator.validation_scores_ == frame.test_accuracy.loc[epochs_scored].tolist()
    assert estimator.best_validation_score_ == max(estimator.validation_scores_)
    assert capsys.readouterr().out.count("Epoch ") == len(epochs_scored)


def test_early_stopping_needs_samples_to_hold_back():
    with pytest.raises(ValueError, match=r"validation_fraction=0\.1"):
        iris(early_stopping=True).fit(X_IRIS[:5], [0, 0, 1, 1, 2])
    assert iris(early_stopping=True).fit(X_IRIS[:12], [0, 1, 2] * 4).n_iter_ > 0


def test_tol_ends_the_training_where_the_loss_stands_still():
    estimator = iris(epochs=2000, tol=1e-3, n_iter_no_change=3).fit(X_IRIS, Y_IRIS)
    gains = -np.diff(estimator.loss_curve_)
    assert 3 < estimator.n_iter_ < 2000 and (gains[-3:] <= 1e-3).all() and gains[-4] > 1e-3
    every = iris(epochs=2000, tol=1e-3, n_iter_no_change=3, record_every=50).fit(X_IRIS, Y_IRIS)
    assert every.n_iter_ % 50 == 0
    later = iris(epochs=7, warm_start=True, record_every=5).fit(X_IRIS, Y_IRIS)
    later.set_params(epochs=20, tol=1e9, n_iter_no_change=1).fit(X_IRIS, Y_IRIS)
    assert later.n_iter_ == 8 and later.history_.epoch.tolist() == [0, 5, 7, 10, 15]
    with pytest.warns(ConvergenceWarning, match="5 epochs have not reached tol"):
        iris(epochs=5, tol=1e-3).fit(X_IRIS, Y_IRIS)


def test_one_that_diverges_warns_and_keeps_its_last_finite_numbers():
    with pytest.warns(ConvergenceWarning, match=r"diverged at update [\d,]+: .* lower learning_rate \(it was 1e\+06\)"):
        estimator = iris(activation="relu", learning_rate=1e6, epochs=100).fit(X_IRIS, Y_IRIS)
    assert estimator.n_iter_ < 100 and np.isfinite(estimator.coefs_[0]).all()
    assert estimator.predict(X_IRIS).shape == (150,)


def test_a_single_class_is_refused():
    with pytest.raises(ValueError, match="only one class"):
        iris().fit(X_IRIS, np.zeros(150))


def test_verbose_says_each_recorded_epoch(capsys):
    iris(verbose=True, epochs=10, record_every=5).fit(X_IRIS, Y_IRIS)
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in said] == ["Epoch 5", "Epoch 10"] and "train loss 0." in said[0]


# --- in the company of the others ------------------------------------------------------


def test_a_search_with_two_processes_finds_the_better_setting():
    pipeline = make_pipeline(StandardScaler(), iris(learning_rate=1.0))
    X, y = load_wine(return_X_y=True)
    search = GridSearchCV(pipeline, {"toynetclassifier__epochs": [1, 100]}, cv=3, n_jobs=2).fit(X, y)
    assert search.best_params_ == {"toynetclassifier__epochs": 100} and search.best_score_ > 0.9
    alone = GridSearchCV(pipeline, {"toynetclassifier__epochs": [1, 100]}, cv=3).fit(X, y)
    assert np.array_equal(search.cv_results_["mean_test_score"], alone.cv_results_["mean_test_score"])


def test_ten_classes_of_64_features_are_learned():
    X, y = load_digits(return_X_y=True)
    pipeline = make_pipeline(StandardScaler(), iris(hidden_size=32, batch_mode="mini", epochs=10, learning_rate=0.1))
    assert cross_val_score(pipeline, X, y, cv=3).mean() > 0.9


def test_it_can_be_calibrated():
    calibrated = CalibratedClassifierCV(iris(), cv=3).fit(X_MOONS, Y_MOONS)
    assert calibrated.score(X_MOONS, Y_MOONS) > 0.8


def test_its_boundary_is_drawn():
    pytest.importorskip("matplotlib").use("Agg")
    display = DecisionBoundaryDisplay.from_estimator(iris().fit(X_MOONS, Y_MOONS), X_MOONS)
    assert np.isfinite(display.response).all()


class Noting:
    """A callback that notes what it is told."""

    def __init__(self, last=None):
        self.began, self.accuracies, self.last, self.is_over = 0, [], last, False

    def setup(self, estimator, context):
        assert context.max_subtasks == 6

    def on_fit_task_begin(self, estimator, context):
        self.began += context.task_name == "epoch"

    def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
        if context.task_name == "epoch":
            self.accuracies.append(fitted_estimator.score(X, y))
            return len(self.accuracies) == self.last

    def teardown(self, estimator, context):
        self.is_over = True


@with_callbacks
def test_callbacks_are_told_of_each_epoch_and_may_end_it():
    noting, plain = Noting(), iris(epochs=6).fit(X_IRIS, Y_IRIS)
    estimator = iris(epochs=6).set_callbacks(noting).fit(pd.DataFrame(X_IRIS, columns=list("abcd")), Y_IRIS)
    assert noting.began == 6 and noting.is_over and same(plain, estimator)
    assert noting.accuracies == plain.history_.train_accuracy.tolist()[1:]
    stopped = iris(epochs=6).set_callbacks(Noting(last=4)).fit(X_IRIS, Y_IRIS)
    assert stopped.n_iter_ == 4 and same(stopped, iris(epochs=4).fit(X_IRIS, Y_IRIS))


@with_callbacks
def test_scikit_learns_own_callback_monitors_a_pipeline():
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    pipeline = make_pipeline(StandardScaler(), iris(epochs=6))
    pipeline.named_steps["toynetclassifier"].set_callbacks(monitor)
    pipeline.fit(X_IRIS, Y_IRIS)
    scores = monitor.get_logs().data_as_pandas
    expected = pipeline.named_steps["toynetclassifier"].history_.train_accuracy[1:]
    assert scores[scores.task_name == "epoch"].accuracy.tolist() == expected.tolist()


# --- compiled code ---------------------------------------------------------------------


def test_many_short_fits_have_compiled_code_made_ready(monkeypatch):
    asked = []
    monkeypatch.setattr(engines, "make_ready", lambda seconds, task: asked.append(seconds))
    for _ in range(3):
        iris(engine=None).fit(X_IRIS, Y_IRIS)
    assert asked[0] < asked[1] < asked[2]
    iris(engine="numpy").fit(X_IRIS, Y_IRIS)
    assert len(asked) == 3


def test_a_fit_goes_over_to_compiled_code_when_it_is_ready():
    def fit(changes):
        estimator = iris(engine=None)
        X, labels = estimator._checked(X_MOONS, Y_MOONS, is_first=True)
        estimator._set_classes(np.unique(labels))
        training = estimator._fitting(estimator._of_rows(X, estimator._class_numbers(labels)), goes_on=False)
        training.advance(5)
        if changes:
            assert engines.load_from_disk()
        training.advance(5)
        return training

    iris(engine="compiled", epochs=1).fit(X_MOONS, Y_MOONS)  # on the disk by now
    engines._ready.clear()
    alone = fit(False)
    both = fit(True)
    assert (alone.engine, both.engine) == ("numpy", "numpy+compiled")
    np.testing.assert_allclose(both.parameters.W1, alone.parameters.W1, rtol=0, atol=1e-12)
    assert both.rows["epoch"].tolist() == alone.rows["epoch"].tolist()


def test_the_example_of_the_readme_runs(capsys):
    code = section("In scikit-learn").split("```python\n")[1].split("```")[0]
    exec(code, {})
    assert float(capsys.readouterr().out.split()[0]) > 0.9


def test_a_warning_points_at_the_line_that_called():
    X, y = load_wine(return_X_y=True)
    for call in (
        lambda: ToyNetClassifier(epochs=2, tol=0.0).fit(X, y),
        lambda: make_pipeline(ToyNetClassifier(epochs=2, tol=0.0)).fit(X, y),
    ):
        with pytest.warns(ConvergenceWarning) as caught:
            call()
        assert caught[0].filename == __file__


def everything(estimator):
    """What an estimator says and has, as bytes."""
    return pickle.dumps(vars(estimator))


@pytest.mark.parametrize("changed", [{}, {"output": "sigmoid", "warm_start": True}, {"early_stopping": True}])
def test_a_fit_that_is_interrupted_leaves_everything_as_it_was(monkeypatch, changed):
    estimator = iris(output="softmax").fit(X_IRIS, Y_IRIS).set_params(**changed)
    before = everything(estimator)
    advance, calls = fitting.Fitting.advance, []

    def interrupted(self, epochs):
        advance(self, 1)
        calls.append(epochs)
        raise KeyboardInterrupt

    monkeypatch.setattr(fitting.Fitting, "advance", interrupted)
    with pytest.raises(KeyboardInterrupt):
        estimator.fit(X_IRIS[:, :3] if not changed else X_IRIS, Y_IRIS)
    assert calls and everything(estimator) == before


def test_a_fit_that_is_refused_leaves_everything_as_it_was():
    estimator = iris().fit(X_IRIS, Y_IRIS)
    estimator.set_params(early_stopping=True)
    before = everything(estimator)
    with pytest.raises(ValueError, match="too few to hold back"):
        estimator.fit(np.vstack([X_IRIS, np.zeros((1, 4))]), np.append(Y_IRIS, 9))
    assert everything(estimator) == before
    estimator.set_params(early_stopping=False, warm_start=True, hidden_size=5)
    before = everything(estimator)
    with pytest.raises(ValueError, match="hidden units"):
        estimator.set_params(output="sigmoid").fit(X_IRIS, Y_IRIS)
    assert everything(estimator.set_params(output="softmax")) == before
    estimator.set_params(hidden_size=8)
    with pytest.raises(ValueError, match="not among the classes"):
        estimator.partial_fit(X_IRIS, Y_IRIS + 1)
    assert everything(estimator.set_params(hidden_size=5)) == before


@with_callbacks
def test_a_callback_that_fails_at_the_end_takes_the_whole_fit_back():
    class Failing(Noting):
        def on_fit_task_end(self, estimator, context, **more):
            if context.task_name == "fit":
                raise RuntimeError("full disk")

    estimator = iris(epochs=6, warm_start=True).fit(X_IRIS, Y_IRIS).set_callbacks(Failing())
    before = {name: value for name, value in vars(estimator).items() if name != "_skl_callbacks"}
    lengths = len(estimator.history_), len(estimator.loss_curve_)
    with pytest.raises(RuntimeError, match="full disk"):
        estimator.fit(X_IRIS, Y_IRIS)
    assert all(vars(estimator)[name] is value for name, value in before.items())
    assert (len(estimator.history_), len(estimator.loss_curve_)) == lengths


def test_a_copy_stays_as_it_is_while_the_other_goes_on():
    estimator = iris().fit(X_IRIS, Y_IRIS)
    other, before = copy.copy(estimator), everything(estimator)
    estimator.partial_fit(X_IRIS, Y_IRIS)
    assert everything(other) == before


def test_what_is_set_for_the_next_fit_does_not_change_what_is_predicted():
    estimator = iris().fit(X_IRIS, Y_IRIS)
    before = estimator.predict_proba(X_IRIS)
    estimator.set_params(activation="relu", output="sigmoid", l2=1.0)
    np.testing.assert_array_equal(estimator.predict_proba(X_IRIS), before)


def test_a_warm_fit_with_early_stopping_ends_no_worse_than_it_began():
    rng = np.random.default_rng(0)
    y = np.where(rng.random(150) < 0.3, rng.integers(0, 3, 150), Y_IRIS)
    settings = {"early_stopping": True, "validation_fraction": 0.3, "momentum": 0.9, "batch_mode": "mini"}
    estimator = iris(random_state=6, epochs=15, warm_start=True, **settings).fit(X_IRIS, y)
    before, best = [p.copy() for p in estimator.coefs_], estimator.best_validation_score_
    estimator.fit(X_IRIS, y)
    assert max(estimator.validation_scores_) < best == estimator.best_validation_score_
    assert all(np.array_equal(p, q) for p, q in zip(estimator.coefs_, before, strict=True))


def test_classes_of_partial_fit_are_looked_at():
    labels = np.array([0.0, 1.0] * 75)
    for classes, told in (
        ([0.0, 1.0, np.nan], "NaN"),
        ([0.0, 0.5, 1.0], "Unknown label type"),
        ([3], r"classes has only one class, \[3\]"),
        (3, "classes must be a list of labels, not 3"),
        (np.eye(3), "classes must be a list of labels"),
    ):
        with pytest.raises(ValueError, match=told):
            iris().partial_fit(X_IRIS, labels, classes=classes)


def test_a_warm_fit_that_diverges_at_once_adds_no_row():
    settings = {"epochs": 5, "learning_rate": 1e200, "activation": "relu", "warm_start": True}
    with pytest.warns(ConvergenceWarning):
        estimator = iris(**settings).fit(X_IRIS, Y_IRIS)
        loss = estimator.loss_
        estimator.fit(X_IRIS, Y_IRIS)
    assert estimator.history_.epoch.tolist() == [0] and estimator.loss_curve_ == [] and estimator.loss_ == loss
    estimator.set_params(learning_rate=0.1).fit(X_IRIS, Y_IRIS)
    assert estimator.history_.epoch.tolist() == [0, 1, 2, 3, 4, 5] and len(estimator.loss_curve_) == 5
