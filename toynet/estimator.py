"""ToyNetClassifier: the network as a scikit-learn classifier, for everybody's data."""

from __future__ import annotations

import functools
import math
import sys
import warnings
from collections.abc import Callable
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets, unique_labels
from sklearn.utils.validation import check_is_fitted, validate_data

from toynet.activations import ACTIVATIONS, OUTPUTS, softmax
from toynet.config import BATCH_MODES, shown
from toynet.datasets import Split
from toynet.engines import ENGINES, Progress, Task, begin
from toynet.fitting import Fitting, Patience, measured, outputs
from toynet.history import History
from toynet.network import Parameters

if TYPE_CHECKING:
    import pandas as pd

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:  # scikit-learn before 1.9

    class _NoCallbacks:
        """What takes the place of a context where there are none."""

        def call_on_fit_task_begin(self, **told: Any) -> None:
            """Tell nobody."""

        call_on_fit_task_end = call_on_fit_task_begin

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Sets no callbacks."""

        def _init_callback_context(self, **of: Any) -> _NoCallbacks:
            return _NoCallbacks()

    def with_callbacks(method):
        """The method as it is."""
        return method


Method = TypeVar("Method", bound=Callable[..., Any])


def _whole_or_not_at_all(method: Method) -> Method:
    """The method, whose call leaves the estimator as it was where it is refused or interrupted."""

    @functools.wraps(method)
    def called(self: Any, *arguments: Any, **named: Any) -> Any:
        before = self.__dict__.copy()
        try:
            return method(self, *arguments, **named)
        except BaseException:
            self.__dict__ = before
            raise

    return cast(Method, called)


class ToyNetClassifier(CallbackSupportMixin, ClassifierMixin, BaseEstimator):
    """The smallest network worth deriving by hand, as a classifier of any number of features, samples and classes.

    One hidden layer, cross-entropy, gradient descent: the derivation of `network.py`, trained by ToyNet's engines.
    With a whole number for `random_state` it is the run that a `toynet.Trainer` with that `init_seed` makes on the
    same split, update by update. Inputs are taken as they come, **not standardised**: put a `StandardScaler`
    before it in a pipeline. There is no `sample_weight`: the mean in C counts every sample once, in all of ToyNet.

    Parameters
    ----------
    hidden_size : int, default=8
        Hidden units h.
    activation : {"tanh", "sigmoid", "relu"}, default="tanh"
        The hidden units' g.
    learning_rate : float, default=0.3
        The step eta.
    batch_mode : {"full", "mini", "stochastic"}, default="full"
        Samples an update sees: all, `batch_size` of them, or one. The last two visit them in a new order each epoch.
    batch_size : int, default=32
        Samples an update in batch mode mini, at most all.
    epochs : int, default=500
        Passes over the training samples, at most.
    output : {"softmax", "sigmoid"}, default="softmax"
        What makes probabilities of three and more outputs; of the single output of two classes both do the same.
        Softmax, where `Config` has sigmoid, for its probabilities sum to 1, as scikit-learn's do. With sigmoid each
        output is a yes or no of its own, and `predict_proba` divides them by their sum.
    l2 : float, default=0.0
        lambda: lambda/2 |W|^2 is added to C, for W1 and W2. `MLPClassifier` divides its `alpha` by the samples of a
        batch: alpha is l2 times these.
    momentum : float, default=0.0
        mu: v <- mu v + dC/dtheta, theta <- theta - eta v, 0 to below 1.
    tol : float or None, default=None
        By how much the training loss (with `early_stopping` the validation accuracy) must rise above its best so far,
        within `n_iter_no_change` rows, for training to go on. None trains all `epochs`, unless `early_stopping`, for
        which it is 0: full batches learn slowly and steadily, and on a plateau is not at an end.
    n_iter_no_change : int, default=10
        So many recorded epochs in a row without such a gain end the training.
    early_stopping : bool, default=False
        Whether to hold back `validation_fraction` of the samples, stop as `tol` says, and end with the parameters of
        the best validation accuracy.
    validation_fraction : float, default=0.1
        Between 0 and 1; stratified, and at least one sample of each class.
    warm_start : bool, default=False
        Whether `fit` goes on where the last one ended (weights, momentum, order of batches): twice 100 epochs are
        bit for bit 200.
    record_every : int, default=1
        Measure after every so many epochs, and after the last. Measuring hands all samples through the network once
        more: a third to a half of the time in compiled code, up to two thirds in NumPy. For large data take 10; the
        parameters are the same.
    verbose : bool, default=False
        Print each recorded epoch.
    engine : {"compiled", "numpy", "reference"} or None, default=None
        None takes the fastest that is ready, compiled code where it pays. They agree to rounding: name one for the
        same bits everywhere.
    random_state : int, RandomState or None, default=None
        Seed of weights, of the order of batches and of what is held back.

    Attributes
    ----------
    classes_ : ndarray (n_classes,)
        The labels, sorted.
    n_features_in_ : int
    feature_names_in_ : ndarray (n_features_in_,)
        Where all names of columns are texts.
    coefs_ : list of 2 ndarray, (d, h) and (h, k)
        W1.T and W2.T; k is 1 for two classes, else one for each.
    intercepts_ : list of 2 ndarray, (h,) and (k,)
        b1 and b2.
    loss_ : float
        C over the training samples at the end of the last recorded epoch, in nats, without the penalty of `l2`.
        (`MLPClassifier` has the mean over an epoch's batches, with it.)
    loss_curve_ : list of float
        C after each recorded epoch of all fits that went on from each other.
    best_loss_ : float
        The lowest of them.
    validation_scores_ : list of float or None
        The last fit's accuracies of the samples held back, after each recorded epoch, with `early_stopping`.
    best_validation_score_ : float or None
    n_iter_ : int
        Epochs of the last `fit` or `partial_fit`.
    t_ : int
        Samples that updates have seen, counted again each time.
    n_layers_ : int
        3, as `MLPClassifier` counts.
    n_outputs_ : int
        k.
    out_activation_ : {"logistic", "softmax"}
        As `MLPClassifier` calls it; logistic is sigmoid.
    history_ : DataFrame
        What the metrics CSV measures, a row for each recorded epoch, from epoch 0 on. The test part is what early
        stopping held back, else NaN.
    """

    _progress: Progress
    _recorded: History
    _engine: str
    loss_curve_: list[float]
    t_: int

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's)
        "hidden_size": [Interval(Integral, 1, None, closed="left")],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "batch_mode": [StrOptions(set(BATCH_MODES))],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "output": [StrOptions(set(OUTPUTS))],
        "l2": [Interval(Real, 0, None, closed="left")],
        "momentum": [Interval(Real, 0, 1, closed="left")],
        "tol": [Interval(Real, 0, None, closed="left"), None],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "warm_start": ["boolean"],
        "record_every": [Interval(Integral, 1, None, closed="left")],
        "verbose": ["verbose"],
        "engine": [StrOptions(set(ENGINES)), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        hidden_size: int = 8,
        activation: str = "tanh",
        learning_rate: float = 0.3,
        batch_mode: str = "full",
        batch_size: int = 32,
        epochs: int = 500,
        *,
        output: str = "softmax",
        l2: float = 0.0,
        momentum: float = 0.0,
        tol: float | None = None,
        n_iter_no_change: int = 10,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        warm_start: bool = False,
        record_every: int = 1,
        verbose: bool = False,
        engine: str | None = None,
        random_state: Any = None,
    ) -> None:
        self.hidden_size = hidden_size
        self.activation = activation
        self.learning_rate = learning_rate
        self.batch_mode = batch_mode
        self.batch_size = batch_size
        self.epochs = epochs
        self.output = output
        self.l2 = l2
        self.momentum = momentum
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.warm_start = warm_start
        self.record_every = record_every
        self.verbose = verbose
        self.engine = engine
        self.random_state = random_state

    # --- training --------------------------------------------------------------------

    @_whole_or_not_at_all
    @with_callbacks
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any) -> ToyNetClassifier:
        """Train on these samples; from the start, or with `warm_start` from where the last fit ended.

        A fit that diverges warns, and ends with its last finite update. One that is refused or interrupted leaves
        everything as it was.

        Parameters
        ----------
        X : array-like (m, d)
            Numbers. float64 in C order is used as it is, anything else is copied once.
        y : array-like (m,)
            Labels of two classes or more.

        Returns
        -------
        ToyNetClassifier
            Itself.

        Raises
        ------
        ValueError
            For settings out of range, data that are not finite numbers, a single class, labels or hidden units that
            the network to go on with does not have, or too few samples to hold some back.
        """
        goes_on = self.warm_start and hasattr(self, "coefs_")
        numbers, labels = self._checked(X, y, is_first=not goes_on)
        if not goes_on:
            self._set_classes(np.unique(labels))
        fitting = self._fitting(self._split(numbers, self._class_numbers(labels)), goes_on)
        fitting.prepare(int(self.epochs))
        context = self._init_callback_context(max_subtasks=int(self.epochs))
        context.call_on_fit_task_begin(estimator=self, X=X, y=y)
        kept = self._train(fitting, goes_on, context, X, y)
        self._keep(fitting, kept)
        context.call_on_fit_task_end(estimator=self, X=X, y=y, reconstruction_attributes={})
        return self

    def _holds_nothing_back(self) -> bool:
        if self.early_stopping:
            raise AttributeError("partial_fit holds nothing back: set early_stopping to False")
        return True

    @available_if(_holds_nothing_back)
    @_whole_or_not_at_all
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> ToyNetClassifier:
        """Train one epoch more on these samples, in batches as `batch_mode` says.

        Called again and again on the same data it makes the updates that `fit` makes. Losses are measured on the
        samples of the call. Callbacks are told nothing. It is there without `early_stopping` only.

        Parameters
        ----------
        X : array-like (m, d)
        y : array-like (m,)
            Labels, which need not be of all classes.
        classes : array-like (n_classes,), optional
            All labels that will occur; required in the first call.

        Returns
        -------
        ToyNetClassifier
            Itself.

        Raises
        ------
        ValueError
            As `fit`; where `classes` are missing, or others than before.
        """
        goes_on = hasattr(self, "coefs_")
        if not goes_on and classes is None:
            raise ValueError("classes must be passed on the first call to partial_fit")
        numbers, labels = self._checked(X, y, is_first=not goes_on)
        if not goes_on:
            self._set_classes(_labels(classes), "classes")
        elif classes is not None and not np.array_equal(_labels(classes), self.classes_):
            raise ValueError(f"classes must be those of the first call, {self.classes_}, not {shown(classes)}")
        fitting = self._fitting(self._of_rows(numbers, self._class_numbers(labels)), goes_on)
        fitting.prepare(1)
        fitting.advance(1)
        self._keep(fitting, fitting.state())
        return self

    def _checked(self, X: Any, y: Any, is_first: bool) -> tuple[np.ndarray, np.ndarray]:
        X, y = validate_data(self, X, y, dtype=np.float64, order="C", reset=is_first)
        check_classification_targets(y)
        return X, y

    def _set_classes(self, classes: np.ndarray, said_by: str = "y") -> None:
        """A network to begin, for these labels."""
        if len(classes) < 2:
            raise ValueError(f"{said_by} has only one class, {shown(classes.tolist())}: two are needed at least")
        for of_before in ("coefs_", "intercepts_", "_progress"):
            self.__dict__.pop(of_before, None)
        self.classes_ = classes
        self.n_layers_, self.n_outputs_ = 3, 1 if len(classes) == 2 else len(classes)
        self.validation_scores_: list[float] | None = None
        self.best_validation_score_: float | None = None
        # A network that is gone on with keeps its seed, and so what is held back.
        given = self.random_state
        self._seed = int(given if isinstance(given, Integral) else check_random_state(given).randint(2**31 - 1))

    def _class_numbers(self, labels: np.ndarray) -> np.ndarray:
        """Labels as 0.0 .. k-1."""
        found, places = np.unique(labels, return_inverse=True)
        unknown = np.setdiff1d(found, self.classes_)
        if len(unknown):
            raise ValueError(f"y has labels that are not among the classes {self.classes_}: {unknown}")
        return np.searchsorted(self.classes_, found).astype(float)[places]

    def _split(self, X: np.ndarray, y: np.ndarray) -> Split:
        """All samples as training part, or what early stopping holds back of them as test part."""
        if not self.early_stopping:
            return self._of_rows(X, y)
        sizes = np.unique(y, return_counts=True)[1]
        held_back = max(math.ceil(self.validation_fraction * len(y)), len(sizes))
        if min(sizes) < 2 or len(y) - held_back < len(sizes):
            raise ValueError(
                f"n_samples={len(y)} ({min(sizes)} in the smallest class) are too few to hold back "
                f"validation_fraction={self.validation_fraction:g} of them: set early_stopping to False"
            )
        X_train, X_test, y_train, y_test = train_test_split(
            X, y, test_size=held_back, stratify=y, random_state=self._seed
        )
        return self._of_rows(X_train, y_train)._replace(X_test=X_test, y_test=y_test)

    def _of_rows(self, X: np.ndarray, y: np.ndarray) -> Split:
        d = X.shape[1]
        names = tuple(getattr(self, "feature_names_in_", (f"x{i + 1}" for i in range(d))))
        return Split(X, y, X[:0], y[:0], np.zeros(d), np.ones(d), names, tuple(map(str, self.classes_)))

    def _fitting(self, split: Split, goes_on: bool) -> Fitting:
        """The training to come, from where the last one ended or from new weights."""
        m, d = split.X_train.shape
        if not goes_on:
            progress = begin(self._seed, d, self.hidden_size, self.activation, self.n_outputs_)
            seconds, samples_seen = 0.0, 0
        else:
            h = len(self.intercepts_[0])
            if h != self.hidden_size:
                raise ValueError(f"hidden_size={self.hidden_size}, but the network to go on with has {h} hidden units")
            progress = self._progress._replace(parameters=self._parameters())
            if self.momentum == 0:
                progress = progress._replace(velocity=None)
            seconds, samples_seen = self._recorded["seconds"][-1], self.t_
        self._activation = self.activation
        self.out_activation_ = "softmax" if self.output == "softmax" and self.n_outputs_ > 1 else "logistic"
        batch = {"full": m, "mini": min(int(self.batch_size), m), "stochastic": 1}[self.batch_mode]
        added: dict[str, Any] = {"output": self.output, "l2": float(self.l2), "momentum": float(self.momentum)}
        task = Task(split, self.activation, batch, self.batch_mode != "full", int(self.record_every), **added)
        fitting = Fitting(task, progress, float(self.learning_rate), self.engine, seconds, samples_seen)
        if not goes_on:
            fitting.record()
        return fitting

    def _train(self, fitting: Fitting, goes_on: bool, context: Any, X: Any, y: Any) -> Progress:
        """All epochs, or as many as pay; returns where to end."""
        has_callbacks = bool(getattr(self, "_skl_callbacks", ()))
        is_watched = self.verbose or self.early_stopping or self.tol is not None
        patience, best, told_to_stop = Patience(self.tol or 0.0, self.n_iter_no_change), None, False
        self.validation_scores_ = [] if self.early_stopping else None
        if goes_on and self.early_stopping:  # the network to go on with may stay the best
            task, best = fitting.task, fitting.state()
            patience.note(measured(best.parameters, task.split, task.activation, task.output).test_accuracy)
        while (left := int(self.epochs) - fitting.epochs) > 0 and not (fitting.diverged or told_to_stop):
            step = 1 if has_callbacks else min(fitting.epochs_to_row, left) if is_watched else left
            if has_callbacks:
                epoch = context.subcontext(task_name="epoch")
                epoch.call_on_fit_task_begin(
                    estimator=self, X=X, y=y, reconstruction_attributes=lambda: _coefs(fitting.parameters)
                )
            is_recorded = bool(fitting.advance(step))
            if is_watched and not is_recorded and step == left and not fitting.diverged:
                fitting.record()  # the last epoch is, whatever record_every
                is_recorded = True
            if is_recorded and is_watched and self._is_best(fitting, patience) and self.early_stopping:
                best = fitting.state()
            if has_callbacks:
                told_to_stop = epoch.call_on_fit_task_end(
                    estimator=self, X=X, y=y, reconstruction_attributes=lambda: _coefs(fitting.parameters)
                )
            if (self.early_stopping or self.tol is not None) and patience.is_over:
                break
        else:
            if self.tol is not None and not (fitting.diverged or told_to_stop):
                _warn(f"{self.epochs:,} epochs have not reached tol={self.tol:g}: raise one of them")
        self.best_validation_score_ = patience.best if self.validation_scores_ else None
        end = fitting.state()
        return end if best is None else end._replace(parameters=best.parameters, velocity=best.velocity)

    def _is_best(self, fitting: Fitting, patience: Patience) -> bool:
        """Note the last row, and say it; whether it is the best so far."""
        row = fitting.rows.last
        if self.verbose:
            held_back = f", validation accuracy {row['test_accuracy']:.4f}" if self.early_stopping else ""
            print(f"Epoch {row['epoch']:,.0f}: train loss {row['train_loss']:.6f}{held_back}")
        if self.validation_scores_ is not None:
            self.validation_scores_.append(row["test_accuracy"])
            return patience.note(row["test_accuracy"])
        return patience.note(-row["train_loss"])

    def _keep(self, fitting: Fitting, end: Progress) -> None:
        """What the training has come to, as attributes."""
        begins = not hasattr(self, "_progress")
        if begins or end.update > self._progress.update:
            fitting.record()
        if fitting.diverged:
            _warn(
                f"diverged at update {end.update + 1:,}: the parameters grew beyond all bounds, and are those of the "
                f"update before; lower learning_rate (it was {self.learning_rate:g}), or standardise the inputs"
            )
        # New objects, for the old ones may be a copy's, or be gone back to (`_whole_or_not_at_all`).
        recorded, losses, engines = History(), [], fitting.engine.split("+")
        rows = fitting.rows.columns()
        if not begins:
            recorded.extend(self._recorded.columns())
            losses, engines = self.loss_curve_, [*self._engine.split("+"), *engines]
        recorded.extend(rows)
        self.__dict__ |= _coefs(end.parameters)
        self._progress, self._recorded, self._engine = end, recorded, "+".join(dict.fromkeys(engines))
        self.loss_curve_ = [*losses, *rows["train_loss"][1 if begins else 0 :].tolist()]
        self.loss_ = float(recorded["train_loss"][-1])
        self.best_loss_ = min(self.loss_curve_, default=self.loss_)
        self.n_iter_, self.t_ = fitting.epochs, fitting.samples_seen

    # --- what it has learned -----------------------------------------------------------

    @property
    def history_(self) -> pd.DataFrame:
        """What was measured, a row for each recorded epoch."""
        if "_recorded" not in self.__dict__:
            raise AttributeError(f"this {type(self).__name__} has no history_ before it is fitted")
        return self._recorded.frame("", {"engine": self._engine}).drop(columns="run")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "coefs_")

    def _parameters(self) -> Parameters:
        (V1, V2), (b1, b2) = self.coefs_, self.intercepts_
        return Parameters(V1.T, b1[:, None], V2.T, b2[:, None])

    def decision_function(self, X: Any) -> np.ndarray:
        """Z2: for two classes (m,), above 0 where the second is the likelier one, else (m, k).

        Parameters
        ----------
        X : array-like (m, d)
        """
        Z2 = self._outputs(X)
        return Z2[:, 0] if Z2.shape[1] == 1 else Z2

    def predict(self, X: Any) -> np.ndarray:
        """The label of each sample, (m,): of two the second from probability 0.5 on, of more that of the largest Z2.

        Parameters
        ----------
        X : array-like (m, d)
        """
        Z2 = self._outputs(X)
        return self.classes_[(Z2[:, 0] >= 0).astype(int) if Z2.shape[1] == 1 else Z2.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, (m, n_classes), rows that sum to 1: sigmoid's outputs divided by their sum.

        Parameters
        ----------
        X : array-like (m, d)
        """
        return np.ascontiguousarray(softmax(self._logits(X).T).T)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithms of `predict_proba`, computed from Z2: finite where a probability rounds to 0.

        Parameters
        ----------
        X : array-like (m, d)
        """
        L = self._logits(X)
        L -= L.max(axis=1, keepdims=True)
        return L - np.log(np.exp(L).sum(axis=1, keepdims=True))

    def _logits(self, X: Any) -> np.ndarray:
        """(m, n_classes) whose softmax the probabilities are."""
        Z2 = self._outputs(X)
        if Z2.shape[1] == 1:
            return np.hstack([np.zeros_like(Z2), Z2])
        return Z2 if self.out_activation_ == "softmax" else -np.logaddexp(0.0, -Z2)

    def _outputs(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=[np.float64, np.float32], reset=False)
        return outputs(self._parameters(), X, self._activation)


def _labels(classes: Any) -> np.ndarray:
    """The labels that somebody lists, each once, in order."""
    if np.ndim(classes) != 1:
        raise ValueError(f"classes must be a list of labels, not {shown(classes)}")
    return unique_labels(classes)


def _coefs(parameters: Parameters) -> dict[str, list[np.ndarray]]:
    """Parameters as scikit-learn's networks have them: (in, out)."""
    W1, b1, W2, b2 = parameters
    return {"coefs_": [W1.T, W2.T], "intercepts_": [b1[:, 0], b2[:, 0]]}


def _warn(what: str) -> None:
    """Warn at the line that called from outside this file and scikit-learn."""
    level, frame = 1, sys._getframe()
    while frame.f_back and (frame.f_code.co_filename == __file__ or "sklearn" in frame.f_globals.get("__name__", "")):
        level, frame = level + 1, frame.f_back
    warnings.warn(what, ConvergenceWarning, stacklevel=level)
