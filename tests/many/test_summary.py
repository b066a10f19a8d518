"""A run of many comes to what `toynet.train` comes to."""

import numpy as np
import pytest

from toynet import Config, datasets, engines, train
from toynet.config import BATCH_MODES
from toynet.datasets import Split
from toynet.many import summary as summaries
from toynet.many.grid import Grid
from toynet.many.summary import LEVELS, Summary, name_of, of_trainer, row, trained

COLUMNS = [
    "run", "seed", "epoch", "update", "seconds", "train_loss", "test_loss", "train_accuracy", "test_accuracy",
    "best_test_loss", "best_epoch", "state", "dataset", "samples", "noise", "test_fraction", "data_seed",
    "hidden_size", "activation", "init_seed", "learning_rate", "batch_mode", "batch_size", "epochs",
    "record_every", "data_file", "feature_1", "feature_2", "target", "class_0", "class_1",
    "classes", "output", "l2", "momentum", "features", "engine",
]  # fmt: skip

FIGURES = ("epoch", "update", "train_loss", "test_loss", "train_accuracy", "test_accuracy")

SMALL = {"samples": 60, "hidden_size": 3, "learning_rate": 0.5, "noise": 0.3}

CASES = {
    **{mode: Config(**SMALL, epochs=30, batch_mode=mode, batch_size=7) for mode in BATCH_MODES},
    "rows that do not divide the epochs": Config(**SMALL, epochs=25, record_every=10),
    "fewer epochs than between two rows": Config(**SMALL, epochs=3, record_every=10),
    "rows that divide the epochs": Config(**SMALL, epochs=30, record_every=10),
    "no test part": Config(**SMALL, epochs=30, test_fraction=0.0),
    "diverged": Config(samples=60, activation="relu", learning_rate=1e6, noise=0.6, epochs=40),
    "diverged within an epoch": Config(samples=60, activation="relu", learning_rate=1e5, batch_mode="stochastic"),
    "best in the middle": Config(samples=40, noise=1.0, hidden_size=30, learning_rate=3.0, epochs=200),
    "best at the start": Config(samples=40, noise=1.0, learning_rate=200.0, epochs=20),
    "more rows than the compiled engine's buffer": Config(samples=20, hidden_size=2, epochs=5000),
    "breast cancer": Config(dataset="breast_cancer", epochs=10),
    "csv": Config(dataset="csv", data_file="penguins.csv", target="sex", epochs=10),
}


@pytest.fixture(params=["numpy", "compiled"])
def engine(request):
    """What trains; where it is the compiled one, it is ready."""
    if request.param == "compiled":
        engines.prepare().join()
    return request.param


@pytest.mark.parametrize("case", CASES)
def test_a_run_comes_to_what_train_comes_to(case, engine):
    config = CASES[case]
    theirs, mine = train(config, engine=engine), trained(5, config)
    history = theirs.history
    ended = history[list(FIGURES)].iloc[-1].to_dict()
    if "within" in case:
        ended = {name: theirs.present()[name] for name in FIGURES}
    assert {name: getattr(mine, name) for name in FIGURES} == pytest.approx(ended, rel=1e-12, nan_ok=True)
    assert (mine.number, mine.engine, mine.state) == (5, engine, "diverged" if theirs.diverged else "finished")
    assert (case.startswith("diverged")) == bool(theirs.diverged)
    assert (mine.epoch, mine.update) == (theirs.epoch, theirs.update)
    if config.test_fraction:
        best = history.loc[history.test_loss.idxmin()]
        assert (mine.best_test_loss, mine.best_epoch) == (pytest.approx(best.test_loss, rel=1e-12), best.epoch)
    else:
        assert np.isnan([mine.best_test_loss, mine.best_epoch, mine.test_loss, mine.test_accuracy]).all()
    losses = history.test_loss if config.test_fraction else history.train_loss
    first = [history.epoch[losses <= level] for level in LEVELS]
    assert mine.reached == tuple(int(epochs.iloc[0]) if len(epochs) else -1 for epochs in first)


def test_the_cases_are_what_they_are_called():
    best = trained(0, CASES["best in the middle"])
    assert 0 < best.best_epoch < best.epoch
    assert trained(0, CASES["best at the start"]).best_epoch == 0
    within = trained(0, CASES["diverged within an epoch"])
    assert within.update % 45 > 0
    assert any(epoch > 0 for epoch in trained(0, CASES["full"]).reached)


def test_runs_that_begin_alike_do_not_share_what_follows():
    """The second begins where the first began, not where it ended; so in either order."""
    slow, fast = (Config(**SMALL | {"learning_rate": rate}, epochs=20) for rate in (0.01, 2.0))
    a, b = trained(0, slow), trained(1, fast)
    summaries._kept_beginning.cache_clear()
    b_first, a_then = trained(1, fast), trained(0, slow)
    assert [s._replace(seconds=0) for s in (a, b)] == [s._replace(seconds=0) for s in (a_then, b_first)]
    assert a.test_loss != b.test_loss


def test_beginnings_differ_in_whatever_makes_them():
    base = Config(**SMALL, epochs=1)
    others = {"dataset": "circles", "samples": 62, "noise": 0.2, "test_fraction": 0.3, "data_seed": 1}
    others |= {"hidden_size": 4, "activation": "relu", "init_seed": 1}
    for name, value in others.items():
        config = Config(**base.to_dict() | {name: value})
        trained(0, base)
        expected = train(config, engine="numpy").recorded.last["test_loss"]
        assert trained(0, config).test_loss == pytest.approx(expected, rel=1e-12), name


def test_data_may_be_handed_in():
    config = Config(**SMALL, epochs=5)
    given = datasets.load(Config(**SMALL | {"noise": 0.9}))
    assert trained(0, config, given).test_loss == trained(0, Config(**config.to_dict() | {"noise": 0.9})).test_loss
    none = given._replace(X_test=given.X_test[:0], y_test=given.y_test[:0])
    assert isinstance(none, Split) and np.isnan(trained(0, config, none).test_loss)


def test_a_run_that_nobody_wants_any_more_is_given_up():
    asked = []

    def go_on():
        asked.append(None)
        return len(asked) < 4

    assert trained(0, Config(epochs=1_000_000), go_on=go_on) is None
    assert len(asked) == 4


def test_data_that_cannot_be_used_are_said():
    with pytest.raises(ValueError, match=r"no file 'nothing\.csv'"):
        trained(0, Config(dataset="csv", data_file="nothing.csv"))


def test_the_row_of_a_run_is_its_settings_and_what_it_came_to():
    grid = Grid.of({"hidden_size": [2, 3], "samples": 40, "epochs": 2, "data_seed": 4}, seeds=2)
    found = trained(3, grid.config(3))
    line = row(grid, found)
    assert list(line) == COLUMNS
    assert {name: line[name] for name in grid.config(3).to_dict()} == grid.config(3).to_dict()
    assert {name: line[name] for name in FIGURES} == {name: getattr(found, name) for name in FIGURES}
    assert (line["seed"], line["data_seed"], line["engine"], line["state"]) == (1, 5, "numpy", "finished")
    assert line["best_epoch"] == found.best_epoch and isinstance(line["best_epoch"], int)


def test_the_row_names_columns_that_were_left_open():
    grid = Grid.of({"dataset": "csv", "data_file": "penguins.csv", "target": "sex", "epochs": 1})
    line = row(grid, trained(0, grid.config(0)))
    assert line["feature_1"] and line["feature_2"]
    assert line["data_file"] == "penguins.csv"


def test_a_run_is_known_by_its_settings():
    one = name_of(Config(hidden_size=3))
    assert one == name_of(Config(hidden_size=3)) != name_of(Config(hidden_size=4))
    assert len(one) == 16 and int(one, 16) >= 0


def test_a_summary_has_the_figures_of_its_row():
    assert set(COLUMNS) & set(Summary._fields) == {
        *FIGURES,
        "seconds",
        "best_test_loss",
        "best_epoch",
        "state",
        "engine",
    }


@pytest.mark.parametrize("mode", ["full", "mini"])
def test_a_run_that_was_trained_elsewhere_is_summed_up_as_one_of_a_sweep(mode):
    config = Config(samples=60, epochs=12, hidden_size=3, batch_mode=mode, learning_rate=1.0)
    own, again = of_trainer(7, train(config)), trained(7, config)
    assert own._replace(seconds=0.0) == again._replace(seconds=0.0)
